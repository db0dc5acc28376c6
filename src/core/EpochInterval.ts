/**
 * How often an evaluation runs during training.
 */
import { Schema } from "effect"

/** An invalid interval. */
export class EpochIntervalError extends Schema.TaggedError<EpochIntervalError>()("EpochIntervalError", {
  every: Schema.Number
}) {
  override get message(): string {
    return `epochs(${this.every}): the number of epochs must be a positive integer`
  }
}

/** An interval in epochs. */
export interface EpochInterval {
  readonly epochs: number
}

/**
 * Every `count` epochs: `every: epochs(1)`.
 *
 * Throws `EpochIntervalError` if `count` is not a positive integer; such an experiment does not load.
 */
export const epochs = (count: number): EpochInterval => {
  // Experiment declarations are evaluated outside any Effect.
  if (!Number.isInteger(count) || count < 1) throw new EpochIntervalError({ every: count })
  return { epochs: count }
}

/** Maximum number of frames per training: smooth motion at reasonable size. */
export const maximumFrames = 40

/** The epochs that an interval selects. */
export interface SampledEpochs {
  /** Ascending, including the last epoch; 0 is before training. */
  readonly epochs: ReadonlyArray<number>
  /** Number of epochs that the interval selects before thinning. */
  readonly due: number
}

/** The epochs that an interval selects in a training of `total` epochs: the start, every `epochs`, the end. */
export const dueEpochs = (interval: EpochInterval, total: number): ReadonlyArray<number> => [
  ...Array.from({ length: Math.ceil(total / interval.epochs) }, (_, place) => place * interval.epochs),
  total
]

/** The epochs of `dueEpochs`, evenly thinned to at most 40. */
export const sampleEpochs = (interval: EpochInterval, total: number): SampledEpochs => {
  const due = dueEpochs(interval, total)
  const chosen = Array.from(
    { length: maximumFrames },
    (_, place) => due[Math.round((place * (due.length - 1)) / (maximumFrames - 1))]!
  )
  return { epochs: due.length <= maximumFrames ? due : chosen, due: due.length }
}
