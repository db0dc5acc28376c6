/**
 * Keeps a run in training from being lost: says when its state is saved, and which states are worth it.
 *
 * Laws: every checkpoint has finite parameters, and the history up to it is kept before it; the best one is the first epoch
 * with the least loss on the test images, or the best by the metric of early stopping, among those up to the newest
 * checkpoint; when and how often something is kept
 * shapes no number.
 */
import { Clock, Effect, Option } from "effect"
import { type EarlyStopping, improves } from "../../core/EarlyStopping.ts"
import type { EngineError } from "../../core/Engine.ts"
import { type HostTensors, under } from "../../core/Tensors.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import type { Best, Checkpoint } from "../store/Checkpoint.ts"
import type { CheckpointInterval } from "./CheckpointInterval.ts"
import type { ResumePoint } from "./ResumePoint.ts"
import type { StoreError } from "../files/StoreError.ts"

/** Where a run keeps what it must not lose. */
export interface RunWriter {
  readonly saveCheckpoint: (checkpoint: Checkpoint) => Effect.Effect<void, StoreError>
  readonly saveBest: (best: Best) => Effect.Effect<void, StoreError>
  /** Removes the checkpoints from a step on; gives the newest that is left. */
  readonly removeCheckpointsFrom: (step: number) => Effect.Effect<Option.Option<Checkpoint>, StoreError>
  readonly appendEpoch: (metrics: EpochMetrics) => Effect.Effect<void, StoreError>
  /** Keeps the parameters in the state at the end of an epoch, 0 before the first. */
  readonly saveSnapshot: (epoch: number, state: HostTensors) => Effect.Effect<void, StoreError>
}

export interface Checkpointer {
  /** After a step: saves the present state if it is time. */
  readonly afterStep: Effect.Effect<void, EngineError | StoreError>
  /** After an epoch whose line is kept, with the state at its end. */
  readonly afterEpoch: (line: EpochMetrics, checkpoint: Checkpoint, isLast: boolean) => Effect.Effect<void, StoreError>
  /** Saves the present state, which is fit to go on from. */
  readonly saveNow: Effect.Effect<void, EngineError | StoreError>
  /** Saves the state at the end of the last epoch with a finite loss, if that is newer than what is saved. */
  readonly saveLastFinite: Effect.Effect<void, StoreError>
  /**
   * After a step of which the loss or the parameters are not finite: sees to it that the newest checkpoint is one from
   * which a finite loss was computed, and gives its step; undefined where there is none.
   */
  readonly afterDivergence: (step: number) => Effect.Effect<number | undefined, StoreError>
}

/** Whether all parameters are finite numbers. */
export const hasFiniteParameters = (state: HostTensors): boolean =>
  Object.values(under("parameters/", state)).every(({ values }) => (values as Float32Array).every(Number.isFinite))

/** The metric by which an epoch is the best. */
export const bestMetric = (stopping: EarlyStopping | undefined): string => stopping?.metric ?? "test/loss"

/** `current` reads the state as it stands after the last step. */
export const make = Effect.fnUntraced(function* (options: {
  readonly writer: RunWriter
  readonly interval: CheckpointInterval
  readonly stopping?: EarlyStopping | undefined
  readonly resume: ResumePoint | undefined
  readonly current: Effect.Effect<Checkpoint, EngineError>
}): Effect.fn.Return<Checkpointer> {
  const { interval, writer, current, resume, stopping } = options
  let saved: { readonly epoch: number; readonly step: number } | undefined = resume?.checkpoint
  let savedAt = yield* Clock.monotonicTimeNanos
  let bestLoss = resume?.bestLoss ?? Number.POSITIVE_INFINITY
  /** Not saved yet. */
  let best: Best | undefined
  let good: Checkpoint | undefined

  const save = Effect.fnUntraced(function* (checkpoint: Checkpoint) {
    // A run would go on from it to nowhere; from the one before it comes here again.
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
      // The step before made the parameters that this one's loss is of.
      const ruined = step - 1
      if (saved?.step === ruined && good?.step !== ruined)
        saved = Option.getOrUndefined(yield* writer.removeCheckpointsFrom(ruined))
      yield* saveLastFinite
      return saved?.step
    })
  }
})
