/**
 * Evaluates a model at several epochs of its training, one frame of an animation per epoch.
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

/** A sentence that describes an animation's frames. */
const sentence = (cadence: Cadence, frames: number, due: number): string => {
  const every = cadence.epochs === 1 ? "every epoch" : `every ${cadence.epochs} epochs`
  return frames === due
    ? `${frames} frames: before training, after ${every} and at the end.`
    : `${frames} frames, evenly chosen from the ${due} before training, after ${every} and at the end.`
}

/** The results of `look` at the epochs of a cadence, and a sentence that describes the frames. */
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
