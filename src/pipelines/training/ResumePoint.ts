/**
 * Finds the point from which an unfinished run can resume.
 *
 * Laws: a run resumes from the newest intact checkpoint that fits the model and has a complete history; without one it
 * restarts. Both give the same bits. Unusable checkpoints are logged.
 */
import { Effect, Option } from "effect"
import * as EarlyStopping from "../../core/EarlyStopping.ts"
import { canonicalJson, type Json } from "../../core/Spec.ts"
import { type TensorTypes, typesOf } from "../../core/Tensors.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import type { Checkpoint } from "../store/Checkpoint.ts"
import type { Run } from "../store/Run.ts"
import type { StoreError } from "../files/StoreError.ts"

/** The state to resume from. */
export interface ResumePoint {
  readonly checkpoint: Checkpoint
  /** The epochs that are complete. */
  readonly history: ReadonlyArray<EpochMetrics>
  /** The lowest test loss so far, if its checkpoint exists. */
  readonly bestLoss: number | undefined
}

/** What a checkpoint must match. */
export interface ExpectedState {
  /** Of parameters and optimiser state. */
  readonly state: TensorTypes
  readonly stepsPerEpoch: number
  readonly epochs: number
  /** Steps of the whole training. */
  readonly steps: number
  readonly stopping?: EarlyStopping.EarlyStopping | undefined
}

const types = (tensors: TensorTypes): string => canonicalJson(typesOf(tensors) as unknown as Json)

/** Why a run cannot resume from a checkpoint, as a sentence. */
const faultOf =
  ({ epochs, state, steps, stepsPerEpoch }: ExpectedState, complete: number) =>
  (checkpoint: Checkpoint): string | undefined => {
    const { epoch, step, tensors } = checkpoint
    if (epoch > complete) return `it was saved after epoch ${epoch}, and the history has ${complete} epochs`
    const first = Math.min(epoch * stepsPerEpoch, steps)
    if (epoch > epochs || step < first || step > (epoch + 1) * stepsPerEpoch) {
      return `step ${step} is not in the epoch after epoch ${epoch} of ${epochs} with ${stepsPerEpoch} steps each`
    }
    return types(tensors) === types(state) ? undefined : "its tensors are not those of the model and the optimiser"
  }

/** The epochs before the first gap. */
const unbroken = (
  epochs: ReadonlyArray<EpochMetrics>,
  { steps, stepsPerEpoch }: ExpectedState
): ReadonlyArray<EpochMetrics> => {
  const stepsAfter = (epoch: number) => Math.min(steps, epoch * stepsPerEpoch)
  const gap = epochs.findIndex(({ epoch, step }, index) => epoch !== index + 1 || step !== stepsAfter(epoch))
  return gap < 0 ? epochs : epochs.slice(0, gap)
}

/** The loss of the best checkpoint, if it belongs to one of these epochs. */
const bestLossOf = Effect.fnUntraced(function* (run: Run, history: ReadonlyArray<EpochMetrics>) {
  const best = yield* run.best
  if (Option.isNone(best)) return undefined
  const { epoch, loss } = best.value
  return history[epoch - 1]?.metrics["test/loss"] === loss ? loss : undefined
})

/**
 * With early stopping, the metric of the best of these epochs; "lost" if its parameters cannot be read, which are the
 * run's result if no later epoch is better.
 */
const bestToBeat = Effect.fnUntraced(function* (
  run: Run,
  stopping: EarlyStopping.EarlyStopping,
  history: ReadonlyArray<EpochMetrics>
) {
  const best = EarlyStopping.bestOf(stopping, history)
  if (best === undefined) return undefined
  const saved = yield* run.best
  const isThere = Option.isSome(saved) && (saved.value.epoch === best.epoch || saved.value.epoch > history.length)
  return isThere ? best.metrics[stopping.metric] : "lost"
})

/** Removes what a run has reached, so that its training starts from the beginning. */
export const discard = Effect.fn("ResumePoint.discard")(function* (run: Run): Effect.fn.Return<void, StoreError> {
  yield* run.truncateHistory(0)
  yield* run.removeCheckpointsAfter(0)
})

/** The resume point of a run, after removing what lies beyond it; undefined if training starts from the beginning. */
export const findResumePoint = Effect.fn("ResumePoint.findResumePoint")(function* (
  run: Run,
  expected: ExpectedState
): Effect.fn.Return<ResumePoint | undefined, StoreError> {
  const { epochs, fault } = yield* run.readableHistory
  if (Option.isSome(fault)) {
    yield* Effect.logWarning(`run ${run.id}: the history is used up to epoch ${epochs.length}. ${fault.value.message}`)
  }
  const history = unbroken(epochs, expected)
  const checkpoint = yield* run.validCheckpoint(faultOf(expected, history.length))
  yield* run.truncateHistory(Option.isSome(checkpoint) ? checkpoint.value.epoch : 0)
  if (Option.isNone(checkpoint)) return undefined
  // Otherwise, if no step is left, a skipped checkpoint would be used as the finished model.
  yield* run.removeCheckpointsAfter(checkpoint.value.step)
  const complete = history.slice(0, checkpoint.value.epoch)
  const { stopping } = expected
  const bestLoss =
    stopping === undefined ? yield* bestLossOf(run, complete) : yield* bestToBeat(run, stopping, complete)
  if (bestLoss === "lost") {
    yield* Effect.logWarning(`run ${run.id}: the parameters of its best epoch cannot be read, so it restarts`)
    yield* discard(run)
    return undefined
  }
  return { checkpoint: checkpoint.value, history: complete, bestLoss }
})
