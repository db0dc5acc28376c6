/**
 * Reads the datasets of runs.
 */
import { Context, Effect, FileSystem, Path, Semaphore } from "effect"
import { HttpClient } from "effect/http"
import type { DatasetError, DatasetPlatform, LoadedDataset } from "../../core/Dataset.ts"
import type { PlannedRun } from "./Plan.ts"

/** Loads datasets; consecutive and concurrent runs with the same data load it once. */
export const make: Effect.Effect<
  (run: PlannedRun) => Effect.Effect<LoadedDataset, DatasetError>,
  never,
  DatasetPlatform
> = Effect.gen(function* () {
  // Only these services: loggers and scopes are the caller's.
  const context = Context.pick(
    FileSystem.FileSystem,
    Path.Path,
    HttpClient.HttpClient
  )(yield* Effect.context<DatasetPlatform>())
  const mutex = yield* Semaphore.make(1)
  let last: { readonly digest: string; readonly data: LoadedDataset } | undefined
  return ({ dataset, located }: PlannedRun): Effect.Effect<LoadedDataset, DatasetError> =>
    Effect.gen(function* () {
      if (last?.digest === located.digest) return last.data
      const data = yield* dataset.load(located)
      last = { digest: located.digest, data }
      return data
    }).pipe(Effect.provideContext(context), mutex.withPermit)
})
