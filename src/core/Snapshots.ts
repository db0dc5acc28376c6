/**
 * The contract of snapshots: the model's parameters at some epochs of its training.
 *
 * Laws: epoch 0 is before training; an evaluation of a snapshot gives the same results as an evaluation at that epoch.
 */
import { Context, type Effect, Schema } from "effect"
import type { EngineError } from "./Engine.ts"
import type { TrainedModel } from "./TrainedModel.ts"

/** The parameters of some epochs are missing. */
export class SnapshotError extends Schema.TaggedError<SnapshotError>()("SnapshotError", {
  run: Schema.String,
  epochs: Schema.Array(Schema.Int),
  /** What is wrong and what to do. */
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `run ${this.run}: ${this.reason}`
  }
}

export class Snapshots extends Context.Service<
  Snapshots,
  {
    /** Number of epochs of the whole training. */
    readonly trainedEpochs: number
    /** Runs `look` at each of these epochs, in order. Fails before the first if a snapshot is missing. */
    readonly each: <A, E, R>(
      epochs: ReadonlyArray<number>,
      look: Effect.Effect<A, E, R>
    ) => Effect.Effect<ReadonlyArray<A>, E | EngineError | SnapshotError, Exclude<R, TrainedModel>>
  }
>()("vae/core/Snapshots") {}
