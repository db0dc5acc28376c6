/**
 * Snapshots: a run's parameters at the end of some epochs, for animations of its training.
 *
 * Laws: a snapshot that is read has the content that was saved; snapshots are not part of a run's identity, and no run
 * resumes from one.
 */
import { Effect, FileSystem, Option, Path, Result, Schema } from "effect"
import { type HostTensors, prefixed, under } from "../../core/Tensors.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import * as JsonFile from "../files/JsonFile.ts"
import * as Safetensors from "../files/Safetensors.ts"
import { corrupt, StoreError } from "../files/StoreError.ts"

const format = "effect-vae snapshot 1"

const Metadata = Schema.Struct({
  format: Schema.Literal(format),
  /** The run's id: the hash of its specs, seed and data. */
  run: Schema.String,
  epoch: Schema.NumberFromString.check(Schema.isInt(), Schema.isGreaterThanOrEqualTo(0))
})

/** `epoch-0003.safetensors`: names sort as epochs do, up to 9999. */
export const fileName = (epoch: number): string => `epoch-${String(epoch).padStart(4, "0")}.safetensors`

const prefix = "parameters/"

/** Saves the parameters of a run's state at the end of an epoch, and nothing else of the state. */
export const save = Effect.fn("Snapshot.save")(function* (
  folder: string,
  run: string,
  epoch: number,
  state: HostTensors
) {
  const path = (yield* Path.Path).join(folder, fileName(epoch))
  const tensors = prefixed(prefix, under(prefix, state))
  const metadata = yield* JsonFile.toJson(Metadata, path, { format, run, epoch })
  const pieces = Safetensors.encode({ tensors, metadata: metadata as Record<string, string> })
  if (Result.isFailure(pieces)) return yield* new StoreError({ path, problem: "cannot write", reason: pieces.failure })
  yield* AtomicFile.write(path, pieces.success)
})

/** Whether an epoch's snapshot exists. */
export const has = Effect.fnUntraced(function* (folder: string, epoch: number) {
  const { join } = yield* Path.Path
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.orElseSucceed(fs.exists(join(folder, fileName(epoch))), () => false)
})

/** The parameters at the end of an epoch; none if they were not saved. Errors: `StoreError`. */
export const read = Effect.fn("Snapshot.read")(function* (folder: string, run: string, epoch: number) {
  const path = (yield* Path.Path).join(folder, fileName(epoch))
  const bytes = yield* AtomicFile.read(path, Safetensors.maximumBytes)
  if (Option.isNone(bytes)) return Option.none<HostTensors>()
  const contents = Safetensors.decode(bytes.value)
  if (Result.isFailure(contents)) return yield* corrupt(path, contents.failure)
  const metadata = yield* JsonFile.check(Metadata, path, contents.success.metadata)
  if (metadata.run !== run) return yield* corrupt(path, `it belongs to run ${metadata.run}`)
  if (metadata.epoch !== epoch) return yield* corrupt(path, `it was saved after epoch ${metadata.epoch}`)
  return Option.some(contents.success.tensors)
})

/** Epochs of the snapshots in a folder, ascending. Errors: `StoreError`. */
export const epochs = Effect.fnUntraced(function* (folder: string) {
  const names = yield* FolderFiles.names(folder)
  return names
    .flatMap((name) => /^epoch-(\d{4,})\.safetensors$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((left, right) => left - right)
})
