/**
 * A run's folder in the database: its files by path and digest, with their content in the artifact store.
 *
 * Laws: a run in training can be resumed from the files that are stored, because checkpoints are read before the files that
 * are written before them; every file that is fetched has its digest, and the manifest is written last.
 */
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import * as Safetensors from "../files/Safetensors.ts"
import type { StoreError } from "../files/StoreError.ts"
import type { Run } from "../store/Run.ts"
import { Artifacts, digestOf } from "./Artifacts.ts"
import type { ClusterError } from "./ClusterError.ts"

/** A path below a run's folder. Names begin with a letter or a digit, so no path leads out of the folder. */
const FilePath = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/))

export const RunFile = Schema.Struct({
  path: FilePath,
  digest: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))
})
export type RunFile = typeof RunFile.Type

/** The newest step of which these files have a checkpoint; -1 where there is none. */
export const newestStep = (files: ReadonlyArray<{ readonly path: string }>): number =>
  Math.max(-1, ...files.map(({ path }) => Number(/^checkpoints\/step-(\d+)\.safetensors$/.exec(path)?.[1] ?? -1)))

/** The files of a folder, without those that are being written. */
export const list = Effect.fn("RunFiles.list")(function* (directory: string) {
  const { basename } = yield* Path.Path
  const files = yield* FolderFiles.list(directory)
  return files.filter(
    ({ path, type }) => type === "File" && !AtomicFile.isTemporary(basename(path)) && Schema.is(FilePath)(path)
  )
})

/** The order in which files are read: each turn after the one before. */
const turns = ["checkpoints", "others", "manifest"] as const

const turnOf = (path: string): (typeof turns)[number] => {
  if (path.startsWith("checkpoints/")) return "checkpoints"
  return path === "manifest.json" ? "manifest" : "others"
}

/** Stores the content of a run's files as artifacts. A file that is replaced or removed meanwhile is left out. */
export const store = Effect.fn("RunFiles.store")(function* (
  directory: string
): Effect.fn.Return<ReadonlyArray<RunFile>, ClusterError | StoreError, Artifacts | FileSystem.FileSystem | Path.Path> {
  const artifacts = yield* Artifacts
  const { join } = yield* Path.Path
  const put = Effect.fnUntraced(function* ({ path }: FolderFiles.FolderFile) {
    const content = yield* AtomicFile.read(join(directory, path), Safetensors.maximumBytes)
    if (Option.isNone(content)) return []
    const digest = digestOf(content.value)
    yield* artifacts.put(digest, content.value)
    return [{ path, digest }]
  })
  const files = yield* list(directory)
  const stored: Array<RunFile> = []
  for (const turn of turns) {
    const together = files.filter(({ path }) => turnOf(path) === turn)
    stored.push(...(yield* Effect.forEach(together, put, { concurrency: 2 })).flat())
  }
  return stored
})

/**
 * Writes a run's files to its folder. Files with the same digest are kept; the files of another attempt are set aside.
 */
export const fetch = Effect.fn("RunFiles.fetch")(function* (
  run: Run,
  files: ReadonlyArray<RunFile>
): Effect.fn.Return<void, ClusterError | StoreError, Artifacts | FileSystem.FileSystem | Path.Path> {
  const artifacts = yield* Artifacts
  const { join } = yield* Path.Path
  const fs = yield* FileSystem.FileSystem
  const manifest = join(run.directory, "manifest.json")
  // Without a manifest, the files are those of a fetch that was interrupted.
  if (yield* Effect.orElseSucceed(fs.exists(manifest), () => false)) yield* run.setAside
  const put = Effect.fnUntraced(function* ({ digest, path }: RunFile) {
    const target = join(run.directory, path)
    const present = yield* AtomicFile.read(target, Safetensors.maximumBytes)
    if (Option.isSome(present) && digestOf(present.value) === digest) return
    yield* AtomicFile.write(target, yield* artifacts.get(digest))
  })
  for (const turn of turns) {
    const together = files.filter(({ path }) => turnOf(path) === turn)
    yield* Effect.forEach(together, put, { concurrency: 2, discard: true })
  }
})
