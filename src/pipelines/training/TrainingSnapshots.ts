/**
 * Gives evaluations the model at earlier epochs, from the snapshots in a run's folder.
 */
import { Effect, Option } from "effect"
import { Engine } from "../../core/Engine.ts"
import { SnapshotError, Snapshots } from "../../core/Snapshots.ts"
import { TrainedModel } from "../../core/TrainedModel.ts"
import type { Run } from "../store/Run.ts"
import type { ModelState } from "./TrainedModels.ts"

const remedy = "train it again with --force, which sets this one aside"

const missing = (run: Run, epochs: ReadonlyArray<number>): SnapshotError => {
  const some = epochs.length > 5 ? `${epochs.slice(0, 5).join(", ")} and ${epochs.length - 5} more` : epochs.join(", ")
  return new SnapshotError({
    run: run.id,
    epochs,
    reason:
      `its parameters at epoch ${some} were not saved, because no evaluation needed them during training; ` +
      `the run is complete without them; to get them, ${remedy}`
  })
}

/** `at` gives the model in a given state; `history` is the whole run's. */
export const make = Effect.fnUntraced(function* (
  run: Run,
  trainedEpochs: number,
  at: (state: ModelState) => TrainedModel["Service"],
  history: ModelState["history"]
) {
  const engine = yield* Engine

  const tensorsOf = Effect.fnUntraced(function* (epoch: number) {
    const snapshot = yield* run
      .snapshot(epoch)
      .pipe(
        Effect.mapError(
          (cause) =>
            new SnapshotError({ run: run.id, epochs: [epoch], reason: `${cause.message}; or ${remedy}`, cause })
        )
      )
    return Option.isSome(snapshot) ? snapshot.value : yield* missing(run, [epoch])
  })

  return Snapshots.of({
    trainedEpochs,
    each: <A, E, R>(epochs: ReadonlyArray<number>, look: Effect.Effect<A, E, R>) =>
      Effect.gen(function* () {
        const gone = yield* Effect.filter(epochs, (epoch) => Effect.map(run.hasSnapshot(epoch), (has) => !has))
        if (gone.length > 0) return yield* missing(run, gone)
        return yield* Effect.forEach(epochs, (epoch) =>
          // The engine's tensors of one epoch are released before the next.
          Effect.gen(function* () {
            const state = yield* engine.place(yield* tensorsOf(epoch))
            const steps = history[epoch - 1]?.step ?? 0
            const standing = { state, history: history.slice(0, epoch), steps: () => steps }
            return yield* Effect.provideService(look, TrainedModel, at(standing))
          }).pipe(Effect.scoped)
        )
      })
  })
})
