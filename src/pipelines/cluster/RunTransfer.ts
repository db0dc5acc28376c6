/**
 * Moves the files of runs between a worker's own folder and the store that machines share.
 *
 * Law: what a lease registers is complete in the store; content that a run no longer refers to is removed from it.
 */
import { Duration, Effect, Option, Path } from "effect"
import type { PlannedRun } from "../plan/Plan.ts"
import { RunStore } from "../store/RunStore.ts"
import { Artifacts } from "./Artifacts.ts"
import type { End, Lease } from "./Lease.ts"
import * as RunFiles from "./RunFiles.ts"
import { RunQueue, type Written } from "./RunQueue.ts"

/** Time between two checks for a new checkpoint. */
const interval = Duration.seconds(2)

export const make = Effect.gen(function* () {
  const queue = yield* RunQueue
  const artifacts = yield* Artifacts
  const store = yield* RunStore
  const { join } = yield* Path.Path

  const ownDirectory = ({ experiment, id }: PlannedRun) => join(store.directory, experiment, id)

  /** The folder of a run, which may be another experiment's. */
  const directoryOf = Effect.fnUntraced(function* (planned: PlannedRun) {
    const found = yield* store.find(planned.id, planned.experiment)
    return Option.match(found, { onNone: () => ownDirectory(planned), onSome: ({ run }) => run.directory })
  })

  /** Stores the files of a run, registers them and removes those that they replace. */
  const register = Effect.fnUntraced(function* (
    planned: PlannedRun,
    write: (files: ReadonlyArray<RunFiles.RunFile>) => Written
  ) {
    const directory = yield* directoryOf(planned)
    while (true) {
      const replaced = yield* write(yield* RunFiles.store(directory))
      if (Option.isSome(replaced)) return replaced.value.length > 0 ? yield* remove(replaced.value) : undefined
      yield* Effect.logInfo(`run ${planned.id}: files were removed from the store meanwhile and are stored again`)
    }
  })

  // What is left is listed by `exp clean`.
  const remove = (digests: ReadonlyArray<string>) =>
    Effect.catchTag(Effect.asVoid(artifacts.remove(digests)), "StoreError", ({ message }) => Effect.logWarning(message))

  const publish = (planned: PlannedRun, lease: Lease) => register(planned, (files) => queue.publish(lease, files))

  return {
    /** Fetches what workers before this one published, if it is further than what is here. */
    fetch: Effect.fnUntraced(function* (planned: PlannedRun, files: ReadonlyArray<RunFiles.RunFile>) {
      const found = yield* store.find(planned.id, planned.experiment)
      if (Option.isSome(found) && found.value.manifest.status === "done") return
      const here = RunFiles.newestStep(yield* RunFiles.list(ownDirectory(planned)))
      if (RunFiles.newestStep(files) <= here) return
      yield* Effect.flatMap(store.open(planned.experiment, planned.id), (run) => RunFiles.fetch(run, files))
    }, Effect.scoped),
    /** Publishes every checkpoint after step `from` of a run in training, until it is interrupted. */
    publishing: Effect.fnUntraced(
      function* (planned: PlannedRun, lease: Lease, from: number) {
        let published = from
        while (true) {
          yield* Effect.sleep(interval)
          const step = RunFiles.newestStep(yield* RunFiles.list(ownDirectory(planned)))
          // A run that starts again on another engine has discarded the checkpoints that were fetched.
          if (step < published) published = -1
          if (step <= published) continue
          yield* publish(planned, lease)
          published = step
        }
      },
      // The next checkpoint, or the end of the run, is published all the same.
      Effect.catchTag("StoreError", ({ message }) => Effect.logWarning(`a checkpoint is not published. ${message}`))
    ),
    /** Publishes the newest checkpoint of a run that was interrupted. */
    publishNewest: Effect.fnUntraced(function* (planned: PlannedRun, lease: Lease) {
      const files = yield* RunFiles.list(yield* directoryOf(planned))
      if (RunFiles.newestStep(files) >= 0) yield* publish(planned, lease)
    }),
    /** Ends a run, with its files. */
    settle: (planned: PlannedRun, lease: Lease, end: End) =>
      register(planned, (files) => queue.settle(lease, end, files))
  }
})
