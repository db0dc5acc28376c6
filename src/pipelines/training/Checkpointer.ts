/**
 * Decides when training saves checkpoints, and which states are worth saving.
 *
 * Laws: every checkpoint has finite parameters, and its history is saved before it. The best one is the first epoch
 * with the lowest loss on the test images, or the best by the metric of early stopping, up to the newest checkpoint.
 * Saving does not affect results.
 */
import { Clock, Effect, Option } from "effect"
import { type EarlyStopping, improves } from "../../core/EarlyStopping.ts"
import type { EngineError } from "../../core/Engine.ts"
import { type HostTensors, under } from "../../core/Tensors.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import type { BestCheckpoint, Checkpoint } from "../store/Checkpoint.ts"
import type { CheckpointInterval } from "./CheckpointInterval.ts"
import type { DivergenceError } from "./DivergenceError.ts"
import type { ResumePoint } from "./ResumePoint.ts"
import type { StoreError } from "../files/StoreError.ts"

/** Where training saves checkpoints, history and snapshots. */
export interface RunWriter {
  readonly saveCheckpoint: (checkpoint: Checkpoint) => Effect.Effect<void, StoreError>
  readonly saveBest: (best: BestCheckpoint) => Effect.Effect<void, StoreError>
  /** Removes the checkpoints from a step on; returns the newest remaining one. */
  readonly removeCheckpointsFrom: (step: number) => Effect.Effect<Option.Option<Checkpoint>, StoreError>
  readonly appendEpoch: (metrics: EpochMetrics) => Effect.Effect<void, StoreError>
  /** Saves the parameters of the state at the end of an epoch; epoch 0 is before training. */
  readonly saveSnapshot: (epoch: number, state: HostTensors) => Effect.Effect<void, StoreError>
}

export interface Checkpointer {
  /** After a step: saves the current state if it is due. */
  readonly afterStep: Effect.Effect<void, EngineError | DivergenceError | StoreError>
  /** After an epoch whose metrics were written, with the state at its end. */
  readonly afterEpoch: (line: EpochMetrics, checkpoint: Checkpoint, isLast: boolean) => Effect.Effect<void, StoreError>
  /** Saves the current state, which must be resumable. */
  readonly saveNow: Effect.Effect<void, EngineError | DivergenceError | StoreError>
  /** Saves the state at the end of the last epoch with a finite loss, if that is newer than what is saved. */
  readonly saveLastFinite: Effect.Effect<void, StoreError>
  /**
   * After a step with a loss or parameters that are not finite: makes sure that the newest checkpoint is one with a
   * finite loss, and returns its step; undefined if there is none.
   */
  readonly afterDivergence: (step: number) => Effect.Effect<number | undefined, StoreError>
}

/** Whether all parameters are finite numbers. */
export const hasFiniteParameters = (state: HostTensors): boolean =>
  Object.values(under("parameters/", state)).every(({ values }) => (values as Float32Array).every(Number.isFinite))

/** The metric by which an epoch is the best. */
export const bestMetric = (stopping: EarlyStopping | undefined): string => stopping?.metric ?? "test/loss"

/** `current` reads the state after the last step. */
export const make = Effect.fnUntraced(function* (options: {
  readonly writer: RunWriter
  readonly interval: CheckpointInterval
  readonly stopping?: EarlyStopping | undefined
  readonly resume: ResumePoint | undefined
  readonly current: Effect.Effect<Checkpoint, EngineError | DivergenceError>
}): Effect.fn.Return<Checkpointer> {
  const { interval, writer, current, resume, stopping } = options
  let saved: { readonly epoch: number; readonly step: number } | undefined = resume?.checkpoint
  let savedAt = yield* Clock.monotonicTimeNanos
  let bestLoss = resume?.bestLoss ?? Number.POSITIVE_INFINITY
  /** Not saved yet. */
  let best: BestCheckpoint | undefined
  let good: Checkpoint | undefined

  const save = Effect.fnUntraced(function* (checkpoint: Checkpoint) {
    // Resuming from it would be useless; resuming from the previous one leads here again.
    if (!hasFiniteParameters(checkpoint.tensors)) return
    if (best !== undefined) yield* writer.saveBest(best)
    best = undefined
    if (checkpoint.step !== saved?.step || checkpoint.epoch !== saved.epoch) yield* writer.saveCheckpoint(checkpoint)
    saved = { epoch: checkpoint.epoch, step: checkpoint.step }
    savedAt = yield* Clock.monotonicTimeNanos
  })

  const isTime = Effect.map(
    Clock.monotonicTimeNanos,
    (now) => "seconds" in interval && Number(now - savedAt) / 1e9 >= interval.seconds
  )
  const saveNow = Effect.flatMap(current, save)
  const saveLastFinite = Effect.suspend(() =>
    good !== undefined && good.step > (saved?.step ?? -1) ? save(good) : Effect.void
  )

  return {
    saveNow,
    afterStep: Effect.flatMap(isTime, (due) => (due ? saveNow : Effect.void)),
    afterEpoch: Effect.fnUntraced(function* ({ epoch, metrics, step }, checkpoint, isLast) {
      if (Number.isFinite(metrics["test/loss"])) good = checkpoint
      const loss = metrics[bestMetric(stopping)] ?? Number.NaN
      if (improves(stopping ?? {}, loss, bestLoss)) {
        bestLoss = loss
        best = { tensors: checkpoint.tensors, epoch, step, loss }
      }
      const due = isLast || ("epochs" in interval ? epoch % interval.epochs === 0 : yield* isTime)
      if (due) yield* save(checkpoint)
    }),
    saveLastFinite,
    afterDivergence: Effect.fnUntraced(function* (step) {
      // The previous step computed the parameters of this step's loss.
      const ruined = step - 1
      if (saved?.step === ruined && good?.step !== ruined)
        saved = Option.getOrUndefined(yield* writer.removeCheckpointsFrom(ruined))
      yield* saveLastFinite
      return saved?.step
    })
  }
})
