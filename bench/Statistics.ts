/**
 * Medians and spreads of repeated measurements.
 */

/** The quantile at `part`, 0 to 1, with linear interpolation; NaN for no values. */
export const quantile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = values.toSorted((one, other) => one - other)
  const place = part * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** Median, minimum and maximum. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly greatest: number
}

/** The spread of the rounds' medians, which are robust to single slow steps. */
export const ofRounds = (rounds: ReadonlyArray<ReadonlyArray<number>>): Spread => spreadOf(rounds.map(median))

export const spreadOf = (values: ReadonlyArray<number>): Spread => ({
  median: median(values),
  least: quantile(values, 0),
  greatest: quantile(values, 1)
})

/** Time divided by ours, per round, because temporary load affects both. */
export const ratios = (rounds: ReadonlyArray<number>, ours: ReadonlyArray<number>): Spread =>
  spreadOf(rounds.flatMap((value, round) => (ours[round] === undefined ? [] : [value / ours[round]])))

/** The members in rotated order, a different first one in each round. */
export const inTurn = <A>(members: ReadonlyArray<A>, round: number): ReadonlyArray<A> =>
  members.map((_, place) => members[(place + round) % members.length]!)

/** Relative difference of a loss from the median. */
export const disagreement = (loss: number, losses: ReadonlyArray<number>): number => {
  const middle = median(losses)
  return Math.abs(loss - middle) / Math.abs(middle)
}
