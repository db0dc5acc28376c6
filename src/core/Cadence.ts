/**
 * How often an evaluation looks at the model during training.
 */
import { Schema } from "effect"

/** A cadence that is not allowed: the value, and what is. */
export class CadenceError extends Schema.TaggedError<CadenceError>()("CadenceError", { every: Schema.Number }) {
  override get message(): string {
    return `epochs(${this.every}): the number of epochs between two looks must be a whole number from 1`
  }
}

/** An interval in epochs. */
export interface Cadence {
  readonly epochs: number
}

/**
 * Every `count` epochs: `every: epochs(1)`.
 *
 * Throws `CadenceError` where `count` is no whole number from 1: an experiment that says so cannot be planned.
 */
export const epochs = (count: number): Cadence => {
  // A declaration is evaluated outside of any Effect.
  if (!Number.isInteger(count) || count < 1) throw new CadenceError({ every: count })
  return { epochs: count }
}

/** Maximum number of frames of one training: enough for smooth motion, few enough to store and draw. */
export const maximumFrames = 40

/** The epochs that a cadence selects. */
export interface SampledEpochs {
  /** Ascending, including the last epoch; 0 is before training. */
  readonly epochs: ReadonlyArray<number>
  /** Number of epochs that the cadence asked for, before they were thinned out. */
  readonly due: number
}

/** The epochs at which a training of `total` epochs is due to be looked at: the start, every so many epochs, the end. */
export const dueEpochs = (cadence: Cadence, total: number): ReadonlyArray<number> => [
  ...Array.from({ length: Math.ceil(total / cadence.epochs) }, (_, place) => place * cadence.epochs),
  total
]

/** A cadence's sampleEpochs at a training of `total` epochs: all that are due, or 40 of them, evenly thinned. */
export const sampleEpochs = (cadence: Cadence, total: number): SampledEpochs => {
  const due = dueEpochs(cadence, total)
  const chosen = Array.from(
    { length: maximumFrames },
    (_, place) => due[Math.round((place * (due.length - 1)) / (maximumFrames - 1))]!
  )
  return { epochs: due.length <= maximumFrames ? due : chosen, due: due.length }
}
