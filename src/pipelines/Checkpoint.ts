/**
 * Checkpoints: everything that a run needs to go on, as of the end of one optimiser step.
 *
 * Laws: a checkpoint that is read has the content that was saved; one that is damaged, cut off or another run's is passed
 * over with a warning and the one before it is used; the newest two are kept.
 */
import { Effect, FileSystem, Option, Path, Result, Schema } from "effect"
import type { HostTensors } from "../core/Tensors.ts"
import * as AtomicFile from "./AtomicFile.ts"
import * as JsonFile from "./JsonFile.ts"
import * as Safetensors from "./Safetensors.ts"
import { corrupt, fromPlatform, StoreError } from "./StoreError.ts"

/** A run's state. */
export interface Checkpoint {
  /** Parameters and optimiser state. */
  readonly tensors: HostTensors
  /** Epochs that are complete. */
  readonly epoch: number
  /** Optimiser steps taken. */
  readonly step: number
  /** Sums of the terms over the examples that the present epoch has taken; empty at an epoch's end. */
  readonly sums: Readonly<Record<string, number>>
}

/** Number of checkpoints that are kept. */
const kept = 2

const format = "effect-vae checkpoint 1"

const Count = Schema.NumberFromString.check(Schema.isInt(), Schema.isGreaterThanOrEqualTo(0))

const Metadata = Schema.Struct({
  format: Schema.Literal(format),
  /** The run's id: the hash of its specs, seed and data. */
  run: Schema.String,
  epoch: Count,
  step: Count,
  sums: Schema.fromJsonString(Schema.toCodecJson(Schema.Record(Schema.String, Schema.Number)))
})

/** `step-0000001407.safetensors`: names sort as steps do. */
export const fileName = (step: number): string => `step-${String(step).padStart(10, "0")}.safetensors`

const stepOf = (name: string): number => Number(/^step-(\d{10,})\.safetensors$/.exec(name)?.[1] ?? Number.NaN)

const entriesOf = (folder: string): Effect.Effect<ReadonlyArray<string>, StoreError, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readDirectory(folder)).pipe(
    Effect.catchTag("PlatformError", (error) =>
      error.reason._tag === "NotFound" ? Effect.succeed([]) : Effect.fail(fromPlatform(folder, "read")(error))
    )
  )

/** Steps of the checkpoints that lie in a folder, newest first. */
const steps = (names: ReadonlyArray<string>): ReadonlyArray<number> =>
  names
    .map(stepOf)
    .filter((step) => !Number.isNaN(step))
    .sort((left, right) => right - left)

// Later checkpoints than the one just saved were not fit to go on from, and only the process that owns the run saves, so
// a temporary file is what a killed process left.
const prune = Effect.fnUntraced(function* (folder: string, step: number) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const names = yield* entriesOf(folder)
  const keep = new Set(
    steps(names)
      .filter((other) => other <= step)
      .slice(0, kept)
      .map(fileName)
  )
  const stale = names.filter((name) => AtomicFile.isTemporary(name) || (!Number.isNaN(stepOf(name)) && !keep.has(name)))
  yield* Effect.forEach(stale, (name) => fs.remove(join(folder, name), { force: true }), { discard: true })
})

/** Saves a checkpoint whole, then removes those that are no longer needed. */
export const save = Effect.fn("Checkpoint.save")(function* (folder: string, run: string, checkpoint: Checkpoint) {
  const path = (yield* Path.Path).join(folder, fileName(checkpoint.step))
  const { tensors, ...progress } = checkpoint
  const metadata = yield* JsonFile.toJson(Metadata, path, { format, run, ...progress })
  const pieces = Safetensors.encode({ tensors, metadata: metadata as Record<string, string> })
  if (Result.isFailure(pieces)) return yield* new StoreError({ path, problem: "cannot write", reason: pieces.failure })
  yield* AtomicFile.write(path, pieces.success)
  yield* prune(folder, checkpoint.step).pipe(
    Effect.catch((error) => Effect.logWarning(`Old checkpoints were not removed from ${folder}: ${error.message}`))
  )
})

const read = Effect.fnUntraced(function* (path: string, run: string, step: number) {
  const bytes = yield* AtomicFile.read(path, Safetensors.maximumBytes)
  if (Option.isNone(bytes)) return Option.none<Checkpoint>()
  const contents = Safetensors.decode(bytes.value)
  if (Result.isFailure(contents)) return yield* corrupt(path, contents.failure)
  const metadata = yield* JsonFile.check(Metadata, path, contents.success.metadata)
  if (metadata.run !== run) return yield* corrupt(path, `it belongs to run ${metadata.run}`)
  if (metadata.step !== step) return yield* corrupt(path, `it was saved at step ${metadata.step}`)
  const { epoch, sums } = metadata
  return Option.some<Checkpoint>({ tensors: contents.success.tensors, epoch, step, sums })
})

/**
 * The newest checkpoint of a run that is whole; none where there is none. Warns of each one that is passed over.
 * Errors: `StoreError` where a file cannot be read.
 */
export const newest = Effect.fn("Checkpoint.newest")(function* (folder: string, run: string) {
  const { join } = yield* Path.Path
  for (const step of steps(yield* entriesOf(folder))) {
    const found = yield* read(join(folder, fileName(step)), run, step).pipe(
      Effect.catchIf(
        (error) => error.problem === "corrupt",
        (error) =>
          Effect.as(Effect.logWarning(`A checkpoint is passed over. ${error.message}`), Option.none<Checkpoint>())
      )
    )
    if (Option.isSome(found)) return found
  }
  return Option.none<Checkpoint>()
})
