/**
 * Evaluates a model at several epochs of its training, one frame of an animation per epoch.
 */
import { Effect } from "effect"
import { sampleEpochs, type EpochInterval } from "../EpochInterval.ts"
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
const sentence = (interval: EpochInterval, frames: number, due: number): string => {
  const every = interval.epochs === 1 ? "every epoch" : `every ${interval.epochs} epochs`
  return frames === due
    ? `${frames} frames: before training, after ${every} and at the end.`
    : `${frames} frames, evenly chosen from the ${due} before training, after ${every} and at the end.`
}

/** The results of `look` at the epochs of an interval, and a sentence that describes the frames. */
export const overTraining = <A, E, R>(interval: EpochInterval, look: Effect.Effect<A, E, R | TrainedModel>) =>
  Effect.gen(function* () {
    const { each, trainedEpochs } = yield* Snapshots
    const { due, epochs } = sampleEpochs(interval, trainedEpochs)
    const values = yield* each(epochs, look)
    const seen = values.map((value, index): EpochFrame<A> => {
      const epoch = epochs[index]!
      return { label: `epoch ${epoch} of ${trainedEpochs}`, epoch, value }
    })
    return { seen, sentence: sentence(interval, epochs.length, due) }
  })
