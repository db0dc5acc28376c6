/**
 * The model as it stood at some epochs of its training.
 *
 * Laws: epoch 0 is before training; a snapshot holds the parameters alone, and what is seen in it is what would have been
 * seen then.
 */
import { Context, type Effect, Schema } from "effect"
import type { EngineError } from "./Engine.ts"
import type { TrainedModel } from "./TrainedModel.ts"

/** The parameters of some epochs are not there. */
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
    /** Epochs of the whole training. */
    readonly trainedEpochs: number
    /** What `look` sees at each of these epochs, one after the other. Fails before the first where one is missing. */
    readonly each: <A, E, R>(
      epochs: ReadonlyArray<number>,
      look: Effect.Effect<A, E, R>
    ) => Effect.Effect<ReadonlyArray<A>, E | EngineError | SnapshotError, Exclude<R, TrainedModel>>
  }
>()("vae/core/Snapshots") {}
