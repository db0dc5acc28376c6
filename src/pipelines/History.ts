/**
 * A run's history, `metrics.ndjson`: one JSON line an epoch.
 *
 * Laws: a line counts once its line break is written, so a line that a kill or a full disk cut short is dropped by
 * readers and by the next append; epochs rise; removing epochs rewrites the file whole.
 */
import { ByteSize, Effect, FileSystem, Option, Path, Schema } from "effect"
import type { EpochMetrics } from "../core/TrainedModel.ts"
import * as AtomicFile from "./AtomicFile.ts"
import * as JsonFile from "./JsonFile.ts"
import { corrupt, fromPlatform } from "./StoreError.ts"

const maximumBytes = 256 * 2 ** 20

const EpochMetricsSchema = Schema.Struct({
  epoch: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  step: Schema.Natural,
  metrics: Schema.Record(Schema.String, Schema.Number),
  examplesPerSecond: Schema.Number
})

const lineBreak = 0x0a

const toLine = (path: string, epoch: EpochMetrics) =>
  Effect.map(JsonFile.toJson(EpochMetricsSchema, path, epoch), (json) => `${JSON.stringify(json)}\n`)

const fromLine = (path: string, line: string, number: number) =>
  Effect.try({
    try: (): unknown => JSON.parse(line),
    catch: () => corrupt(path, `line ${number} is not JSON`)
  }).pipe(Effect.flatMap((json) => JsonFile.check(EpochMetricsSchema, `${path}, line ${number}`, json)))

/** All epochs of the file, oldest first; none where there is no file. Errors: `StoreError`. */
export const read = Effect.fn("History.read")(function* (path: string) {
  const bytes = yield* AtomicFile.read(path, maximumBytes)
  if (Option.isNone(bytes)) return []
  const whole = bytes.value.subarray(0, bytes.value.lastIndexOf(lineBreak) + 1)
  const lines = (yield* AtomicFile.textOf(path, whole)).split("\n").slice(0, -1)
  const epochs: ReadonlyArray<EpochMetrics> = yield* Effect.forEach(lines, (line, index) =>
    fromLine(path, line, index + 1)
  )
  const falling = epochs.findIndex(({ epoch }, index) => index > 0 && epoch <= epochs[index - 1]!.epoch)
  if (falling >= 0) {
    return yield* corrupt(path, `epoch ${epochs[falling]!.epoch} in line ${falling + 1} does not rise`)
  }
  return epochs
})

/** Bytes of an open file up to its last line break. */
const wholeBytes = Effect.fnUntraced(function* (path: string, file: FileSystem.File) {
  const size = ByteSize.toBigInt((yield* file.stat).size)
  if (size === 0n) return 0
  const last = yield* file.readAlloc(1, { position: size - 1n })
  if (Option.isSome(last) && last.value[0] === lineBreak) return Number(size)
  const bytes = yield* AtomicFile.read(path, maximumBytes)
  return Option.isSome(bytes) ? bytes.value.lastIndexOf(lineBreak) + 1 : 0
})

/**
 * Appends an epoch and waits until the disk has it. A failure takes back what was written of it.
 * Errors: `StoreError`.
 */
export const append = Effect.fn("History.append")(function* (path: string, epoch: EpochMetrics) {
  const fs = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  const line = new TextEncoder().encode(yield* toLine(path, epoch))
  yield* AtomicFile.makeFolder(dirname(path))
  const extend = Effect.gen(function* () {
    const file = yield* fs.open(path, { flag: "a+" })
    const { size } = yield* file.stat
    const whole = yield* wholeBytes(path, file)
    if (BigInt(whole) < ByteSize.toBigInt(size)) yield* file.truncate(whole)
    yield* file.writeAll(line).pipe(
      Effect.andThen(file.sync),
      Effect.onError(() => Effect.ignore(file.truncate(whole)))
    )
  })
  yield* extend.pipe(
    Effect.scoped,
    // An operation that was let go of would go on after the file is closed.
    Effect.uninterruptible,
    Effect.catchTag("PlatformError", (error) => Effect.fail(fromPlatform(path, "write")(error)))
  )
})

/** Removes the epochs after `epoch`: what a run does that goes on from an earlier checkpoint. Errors: `StoreError`. */
export const truncate = Effect.fn("History.truncate")(function* (path: string, epoch: number) {
  const epochs = yield* read(path)
  if (epochs.every((line) => line.epoch <= epoch)) return
  const lines = yield* Effect.forEach(
    epochs.filter((line) => line.epoch <= epoch),
    (line) => toLine(path, line)
  )
  yield* AtomicFile.write(path, lines.join(""))
})
