/**
 * Evaluates a model at several epochs of its training, for the frames of an animation.
 */
import { Effect } from "effect"
import { sampleEpochs, type Cadence } from "../Cadence.ts"
import { Snapshots } from "../Snapshots.ts"
import type { TrainedModel } from "../TrainedModel.ts"

/** The result at one epoch. */
export interface EpochFrame<A> {
  /** Such as `epoch 3 of 20`. */
  readonly label: string
  readonly epoch: number
  readonly value: A
}

/** Which frames an animation has, as a sentence. */
const sentence = (cadence: Cadence, frames: number, due: number): string => {
  const every = cadence.epochs === 1 ? "every epoch" : `every ${cadence.epochs} epochs`
  return frames === due
    ? `${frames} frames: before training, after ${every} and at the end.`
    : `${frames} frames, evenly chosen of the ${due} that fall before training, after ${every} and at the end.`
}

/** What `look` sees at the epochs of a cadence, and a sentence that says which these are. */
export const overTraining = <A, E, R>(cadence: Cadence, look: Effect.Effect<A, E, R | TrainedModel>) =>
  Effect.gen(function* () {
    const { each, trainedEpochs } = yield* Snapshots
    const { due, epochs } = sampleEpochs(cadence, trainedEpochs)
    const values = yield* each(epochs, look)
    const seen = values.map((value, index): EpochFrame<A> => {
      const epoch = epochs[index]!
      return { label: `epoch ${epoch} of ${trainedEpochs}`, epoch, value }
    })
    return { seen, sentence: sentence(cadence, epochs.length, due) }
  })
