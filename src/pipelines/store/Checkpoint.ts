/**
 * Checkpoints: everything needed to resume a run, as of the end of one optimiser step.
 *
 * Laws: a checkpoint that is read has the content that was saved. A damaged checkpoint or that of another run is
 * skipped with a warning, and the previous one is used; an unknown format is an error. The newest two are kept, and
 * `best.safetensors` of the epoch with the lowest test loss, from which no run resumes.
 */
import { Effect, FileSystem, Option, Path, Result, Schema } from "effect"
import type { HostTensors } from "../../core/Tensors.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import * as JsonFile from "../files/JsonFile.ts"
import * as Safetensors from "../files/Safetensors.ts"
import { corrupt, StoreError, unknownFormat } from "../files/StoreError.ts"

/** A run's state. */
export interface Checkpoint {
  /** Parameters and optimiser state. */
  readonly tensors: HostTensors
  /** Epochs that are complete. */
  readonly epoch: number
  /** Optimiser steps taken. */
  readonly step: number
  /** Sums of the terms over the examples of the current epoch so far; empty at the end of an epoch. */
  readonly sums: Readonly<Record<string, number>>
  /** Mean loss of the batch of the last step, in nats per image; absent before the first. */
  readonly lastFiniteLoss?: number
}

/** The state at the end of the epoch with the lowest test loss. */
export interface BestCheckpoint {
  /** Parameters and optimiser state. */
  readonly tensors: HostTensors
  readonly epoch: number
  readonly step: number
  /** Mean on the test images, in nats per image. */
  readonly loss: number
}

/** Number of checkpoints that are kept. */
const kept = 2

const format = "effect-vae checkpoint 2"

/** Version 1 had no last loss. */
const formats = ["effect-vae checkpoint 1", format] as const

const bestFormat = "effect-vae best checkpoint 1"

const Count = Schema.NumberFromString.check(Schema.isInt(), Schema.isGreaterThanOrEqualTo(0))

const place = {
  /** The run's id: the hash of its specs, seed and data. */
  run: Schema.String,
  epoch: Count,
  step: Count
}

const Metadata = Schema.Struct({
  format: Schema.Literals(formats),
  ...place,
  lastFiniteLoss: Schema.optionalKey(Schema.FiniteFromString),
  sums: Schema.fromJsonString(Schema.toCodecJson(Schema.Record(Schema.String, Schema.Number)))
})

const BestMetadata = Schema.Struct({
  format: Schema.Literal(bestFormat),
  ...place,
  loss: Schema.FiniteFromString
})

/** `step-0000001407.safetensors`: names sort as steps do. */
export const fileName = (step: number): string => `step-${String(step).padStart(10, "0")}.safetensors`

export const bestName = "best.safetensors"

const stepOf = (name: string): number => Number(/^step-(\d{10,})\.safetensors$/.exec(name)?.[1] ?? Number.NaN)

/** Steps of the checkpoints in a folder, newest first. */
const steps = (names: ReadonlyArray<string>): ReadonlyArray<number> =>
  names
    .map(stepOf)
    .filter((step) => !Number.isNaN(step))
    .sort((left, right) => right - left)

/**
 * Removes the checkpoints that a run at `step` does not need: later ones, which cannot be resumed from, and all but the
 * newest two. Only the process that owns the run may call it, because it also removes temporary files.
 */
export const prune = Effect.fnUntraced(function* (folder: string, step: number) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const names = yield* FolderFiles.names(folder)
  const keep = new Set(
    steps(names)
      .filter((other) => other <= step)
      .slice(0, kept)
      .map(fileName)
  )
  const stale = names.filter((name) => AtomicFile.isTemporary(name) || (!Number.isNaN(stepOf(name)) && !keep.has(name)))
  yield* Effect.forEach(stale, (name) => fs.remove(join(folder, name), { force: true }), { discard: true })
})

const write = Effect.fnUntraced(function* <T, E>(
  path: string,
  tensors: HostTensors,
  schema: Schema.Codec<T, E>,
  value: NoInfer<T>
) {
  const metadata = yield* JsonFile.toJson(schema, path, value)
  const pieces = Safetensors.encode({ tensors, metadata: metadata as Record<string, string> })
  if (Result.isFailure(pieces)) return yield* new StoreError({ path, problem: "cannot write", reason: pieces.failure })
  yield* AtomicFile.write(path, pieces.success)
})

/** Saves a checkpoint atomically, then removes those that are no longer needed. */
export const save = Effect.fn("Checkpoint.save")(function* (folder: string, run: string, checkpoint: Checkpoint) {
  const { tensors, ...progress } = checkpoint
  const path = (yield* Path.Path).join(folder, fileName(checkpoint.step))
  yield* write(path, tensors, Metadata, { format, run, ...progress })
  yield* prune(folder, checkpoint.step).pipe(
    Effect.catch((error) => Effect.logWarning(`Old checkpoints were not removed from ${folder}: ${error.message}`))
  )
})

/** Replaces the best checkpoint. */
export const saveBest = Effect.fn("Checkpoint.saveBest")(function* (folder: string, run: string, best: BestCheckpoint) {
  const { tensors, ...progress } = best
  const path = (yield* Path.Path).join(folder, bestName)
  yield* write(path, tensors, BestMetadata, { format: bestFormat, run, ...progress })
})

const contentsOf = Effect.fnUntraced(function* <T extends { readonly run: string }, E>(
  path: string,
  run: string,
  schema: Schema.Codec<T, E>,
  readable: ReadonlyArray<string>
) {
  const bytes = yield* AtomicFile.read(path, Safetensors.maximumBytes)
  if (Option.isNone(bytes)) return Option.none()
  const contents = Safetensors.decode(bytes.value)
  if (Result.isFailure(contents)) return yield* corrupt(path, contents.failure)
  const stated = contents.success.metadata["format"] ?? ""
  // The file is intact, so another version wrote it: skipping it would lose its progress.
  if (/^effect-vae [a-z ]*checkpoint \d+$/.test(stated) && !readable.includes(stated)) {
    return yield* unknownFormat(path, `"${stated}"`, readable)
  }
  const metadata = yield* JsonFile.check(schema, path, contents.success.metadata)
  if (metadata.run !== run) return yield* corrupt(path, `it belongs to run ${metadata.run}`)
  return Option.some({ tensors: contents.success.tensors, metadata })
})

const read = Effect.fnUntraced(function* (path: string, run: string, step: number) {
  const contents = yield* contentsOf(path, run, Metadata, formats)
  if (Option.isNone(contents)) return Option.none<Checkpoint>()
  const { format: _format, run: _run, ...progress } = contents.value.metadata
  if (progress.step !== step) return yield* corrupt(path, `it was saved at step ${progress.step}`)
  return Option.some<Checkpoint>({ tensors: contents.value.tensors, ...progress })
})

/** None, with a warning, if the content is not what was written. */
const passOver = <A, R>(found: Effect.Effect<Option.Option<A>, StoreError, R>) =>
  Effect.catchIf(
    found,
    (error) => error.problem === "corrupt",
    (error) => Effect.as(Effect.logWarning(`A checkpoint is skipped. ${error.message}`), Option.none<A>())
  )

/**
 * The newest intact checkpoint of a run without a `fault`, or none. Warns about each skipped one. Errors: `StoreError`
 * if a file cannot be read.
 */
export const newest = Effect.fn("Checkpoint.newest")(function* (
  folder: string,
  run: string,
  fault: (checkpoint: Checkpoint) => string | undefined = () => undefined
) {
  const { join } = yield* Path.Path
  for (const step of steps(yield* FolderFiles.names(folder))) {
    const path = join(folder, fileName(step))
    const found = yield* passOver(
      Effect.tap(read(path, run, step), (checkpoint) => {
        const reason = Option.isSome(checkpoint) ? fault(checkpoint.value) : undefined
        return reason === undefined ? Effect.void : Effect.fail(corrupt(path, reason))
      })
    )
    if (Option.isSome(found)) return found
  }
  return Option.none<Checkpoint>()
})

/** The best checkpoint; none, with a warning, if it is missing or damaged. Errors: `StoreError`. */
export const best = Effect.fn("Checkpoint.best")(function* (folder: string, run: string) {
  const path = (yield* Path.Path).join(folder, bestName)
  const contents = yield* passOver(contentsOf(path, run, BestMetadata, [bestFormat]))
  return Option.map(contents, ({ tensors, metadata: { epoch, loss, step } }): BestCheckpoint => ({
    tensors,
    epoch,
    loss,
    step
  }))
})

/** Names of the checkpoints in a folder: the newest first, the best one last. Errors: `StoreError`. */
export const names = Effect.fnUntraced(function* (folder: string) {
  const entries = yield* FolderFiles.names(folder)
  return [...steps(entries).map(fileName), ...entries.filter((name) => name === bestName)]
})

/** A checkpoint's own metadata. */
export interface CheckpointMetadata {
  readonly epoch: number
  readonly step: number
  /** Test loss of the best checkpoint. */
  readonly loss?: number
}

/** The metadata of the checkpoint of this name. Errors: `StoreError` if it is damaged or another run's. */
export const inspect = Effect.fn("Checkpoint.inspect")(function* (folder: string, run: string, name: string) {
  const path = (yield* Path.Path).join(folder, name)
  const found: Option.Option<CheckpointMetadata> =
    name === bestName
      ? Option.map(yield* contentsOf(path, run, BestMetadata, [bestFormat]), ({ metadata: { epoch, loss, step } }) => ({
          epoch,
          step,
          loss
        }))
      : Option.map(yield* read(path, run, stepOf(name)), ({ epoch, step }) => ({ epoch, step }))
  return Option.isSome(found) ? found.value : yield* corrupt(path, "it is gone")
})
