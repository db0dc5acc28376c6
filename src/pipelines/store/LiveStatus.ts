/**
 * A run's actual status: a killed process cannot record its end in the manifest, so `running` is checked against the
 * lock.
 */
import { Effect, type FileSystem, Option, Path } from "effect"
import type { Manifest, Status } from "./Manifest.ts"
import * as RunLock from "./RunLock.ts"

export type LiveStatus = Status | "killed"

/**
 * The manifest's status, or `killed` if the manifest says `running` but no living process owns the run. `results` is
 * the folder of all experiments.
 */
export const liveStatus = Effect.fn("LiveStatus.of")(function* (
  results: string,
  { id, status }: Manifest
): Effect.fn.Return<LiveStatus, never, FileSystem.FileSystem | Path.Path> {
  if (status !== "running") return status
  const lock = yield* RunLock.make((yield* Path.Path).join(results, RunLock.folderName))
  // If the lock cannot be read, the manifest's status stands.
  const owner = yield* Effect.option(lock.owner(id))
  return Option.isSome(owner) && Option.isNone(owner.value) ? "killed" : status
})
