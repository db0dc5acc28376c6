/**
 * Keeps a run in training from being lost: says when its state is saved, and which states are worth it.
 *
 * Laws: every checkpoint has finite parameters, and the history up to it is kept before it; the best one is the first epoch
 * with the least loss on the test images among those up to the newest checkpoint; when and how often something is kept
 * shapes no number.
 */
import { Clock, Effect, Option } from "effect"
import type { EngineError } from "../../core/Engine.ts"
import { type HostTensors, under } from "../../core/Tensors.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import type { Best, Checkpoint } from "../store/Checkpoint.ts"
import type { CheckpointEvery } from "./CheckpointEvery.ts"
import type { Resume } from "./Resume.ts"
import type { StoreError } from "../files/StoreError.ts"

/** Where a run keeps what it must not lose. */
export interface Keeping {
  readonly checkpoint: (checkpoint: Checkpoint) => Effect.Effect<void, StoreError>
  readonly best: (best: Best) => Effect.Effect<void, StoreError>
  /** Removes the checkpoints from a step on; gives the newest that is left. */
  readonly forget: (step: number) => Effect.Effect<Option.Option<Checkpoint>, StoreError>
  readonly epoch: (metrics: EpochMetrics) => Effect.Effect<void, StoreError>
  /** Keeps the parameters in the state at the end of an epoch, 0 before the first. */
  readonly snapshot: (epoch: number, state: HostTensors) => Effect.Effect<void, StoreError>
}

export interface Keeper {
  /** After a step: saves the present state if it is time. */
  readonly afterStep: Effect.Effect<void, EngineError | StoreError>
  /** After an epoch whose line is kept, with the state at its end. */
  readonly afterEpoch: (line: EpochMetrics, checkpoint: Checkpoint) => Effect.Effect<void, StoreError>
  /** Saves the present state, which is fit to go on from. */
  readonly now: Effect.Effect<void, EngineError | StoreError>
  /** Saves the state at the end of the last epoch with a finite loss, if that is newer than what is saved. */
  readonly lastGood: Effect.Effect<void, StoreError>
  /**
   * After a step of which the loss or the parameters are not finite: sees to it that the newest checkpoint is one from
   * which a finite loss was computed, and gives its step; undefined where there is none.
   */
  readonly afterDivergence: (step: number) => Effect.Effect<number | undefined, StoreError>
}

/** Whether all parameters are finite numbers. */
export const isSound = (state: HostTensors): boolean =>
  Object.values(under("parameters/", state)).every(({ values }) => (values as Float32Array).every(Number.isFinite))

/** `present` reads the state as it stands after the last step. */
export const make = Effect.fnUntraced(function* (options: {
  readonly keeping: Keeping
  readonly every: CheckpointEvery
  /** Epochs of the whole training. */
  readonly epochs: number
  readonly resume: Resume | undefined
  readonly present: Effect.Effect<Checkpoint, EngineError>
}): Effect.fn.Return<Keeper> {
  const { epochs, every, keeping, present, resume } = options
  let saved: { readonly epoch: number; readonly step: number } | undefined = resume?.checkpoint
  let savedAt = yield* Clock.monotonicTimeNanos
  let bestLoss = resume?.bestLoss ?? Number.POSITIVE_INFINITY
  /** Not saved yet. */
  let best: Best | undefined
  let good: Checkpoint | undefined

  const save = Effect.fnUntraced(function* (checkpoint: Checkpoint) {
    // A run would go on from it to nowhere; from the one before it comes here again.
    if (!isSound(checkpoint.tensors)) return
    if (best !== undefined) yield* keeping.best(best)
    best = undefined
    if (checkpoint.step !== saved?.step || checkpoint.epoch !== saved.epoch) yield* keeping.checkpoint(checkpoint)
    saved = { epoch: checkpoint.epoch, step: checkpoint.step }
    savedAt = yield* Clock.monotonicTimeNanos
  })

  const isTime = Effect.map(
    Clock.monotonicTimeNanos,
    (now) => "seconds" in every && Number(now - savedAt) / 1e9 >= every.seconds
  )
  const now = Effect.flatMap(present, save)
  const lastGood = Effect.suspend(() =>
    good !== undefined && good.step > (saved?.step ?? -1) ? save(good) : Effect.void
  )

  return {
    now,
    afterStep: Effect.flatMap(isTime, (due) => (due ? now : Effect.void)),
    afterEpoch: Effect.fnUntraced(function* ({ epoch, metrics, step }, checkpoint) {
      const loss = metrics["test/loss"] ?? Number.NaN
      if (Number.isFinite(loss)) good = checkpoint
      if (loss < bestLoss) {
        bestLoss = loss
        best = { tensors: checkpoint.tensors, epoch, step, loss }
      }
      const due = epoch === epochs || ("epochs" in every ? epoch % every.epochs === 0 : yield* isTime)
      if (due) yield* save(checkpoint)
    }),
    lastGood,
    afterDivergence: Effect.fnUntraced(function* (step) {
      // The step before made the parameters that this one's loss is of.
      const ruined = step - 1
      if (saved?.step === ruined && good?.step !== ruined) saved = Option.getOrUndefined(yield* keeping.forget(ruined))
      yield* lastGood
      return saved?.step
    })
  }
})
