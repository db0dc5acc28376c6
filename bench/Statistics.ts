/**
 * Medians and spreads of repeated measurements.
 */

/** The value below which a part of the values lies, 0 to 1, between neighbours in proportion; NaN of none. */
export const quantile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = values.toSorted((one, other) => one - other)
  const place = part * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** Median, least and greatest. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly greatest: number
}

/** The spread of the rounds' medians: what a whole round says is not moved by a single slow step. */
export const ofRounds = (rounds: ReadonlyArray<ReadonlyArray<number>>): Spread => spreadOf(rounds.map(median))

export const spreadOf = (values: ReadonlyArray<number>): Spread => ({
  median: median(values),
  least: quantile(values, 0),
  greatest: quantile(values, 1)
})

/** How much longer than ours it took, round by round: what slows a machine for a while slows both. */
export const ratios = (rounds: ReadonlyArray<number>, ours: ReadonlyArray<number>): Spread =>
  spreadOf(rounds.flatMap((value, round) => (ours[round] === undefined ? [] : [value / ours[round]])))

/** The members in turn, another one first in each round. */
export const inTurn = <A>(members: ReadonlyArray<A>, round: number): ReadonlyArray<A> =>
  members.map((_, place) => members[(place + round) % members.length]!)

/** How far losses lie from their median, as a part of it. */
export const disagreement = (loss: number, losses: ReadonlyArray<number>): number => {
  const middle = median(losses)
  return Math.abs(loss - middle) / Math.abs(middle)
}
