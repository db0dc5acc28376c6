/**
 * How a run stands, as far as its manifest can be believed: a process that is killed cannot say so in it.
 */
import { Effect, type FileSystem, Option, Path } from "effect"
import type { Manifest, Status } from "./Manifest.ts"
import * as RunLock from "./RunLock.ts"

export type LiveStatus = Status | "killed"

/**
 * The manifest's status, or `killed` where the manifest says that the run goes on and no living process has it. `results`
 * is the folder of all experiments.
 */
export const liveStatus = Effect.fn("LiveStatus.of")(function* (
  results: string,
  { id, status }: Manifest
): Effect.fn.Return<LiveStatus, never, FileSystem.FileSystem | Path.Path> {
  if (status !== "running") return status
  const lock = yield* RunLock.make((yield* Path.Path).join(results, RunLock.folderName))
  // Where that cannot be found out, the manifest's word stands.
  const owner = yield* Effect.option(lock.owner(id))
  return Option.isSome(owner) && Option.isNone(owner.value) ? "killed" : status
})
