/**
 * A run's history, `metrics.ndjson`: one JSON line per epoch.
 *
 * Laws: a line counts once its line break is written, so readers and the next append drop a line cut short by a kill or
 * a full disk; epochs increase; removing epochs rewrites the file atomically.
 */
import { ByteSize, Effect, FileSystem, Option, Path, Result, Schema } from "effect"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as JsonFile from "../files/JsonFile.ts"
import * as JsonText from "../files/JsonText.ts"
import { corrupt, fromPlatform, type StoreError } from "../files/StoreError.ts"

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
  Effect.fromResult(JsonText.parse(line)).pipe(
    Effect.mapError((fault) => corrupt(path, `line ${number} is not JSON: ${fault}`)),
    Effect.flatMap((json) => JsonFile.check(EpochMetricsSchema, `${path}, line ${number}`, json))
  )

/** The epochs before the first damaged line, and what is wrong with that line. */
export interface ReadableHistory {
  readonly epochs: ReadonlyArray<EpochMetrics>
  readonly fault: Option.Option<StoreError>
}

/** The valid epochs of the file, oldest first; empty if there is no file. Errors: `StoreError`. */
export const readValid = Effect.fn("History.readable")(function* (
  path: string
): Effect.fn.Return<ReadableHistory, StoreError, FileSystem.FileSystem> {
  const bytes = yield* AtomicFile.read(path, maximumBytes)
  const epochs: Array<EpochMetrics> = []
  if (Option.isNone(bytes)) return { epochs, fault: Option.none() }
  const content = bytes.value
  let start = 0
  for (let number = 1, end = content.indexOf(lineBreak); end >= 0; number++) {
    const line = yield* AtomicFile.textOf(path, content.subarray(start, end)).pipe(
      Effect.flatMap((text) => fromLine(path, text, number)),
      Effect.filterOrFail(
        ({ epoch }) => epoch > (epochs.at(-1)?.epoch ?? 0),
        ({ epoch }) => corrupt(path, `epoch ${epoch} in line ${number} is not greater than the previous epoch`)
      ),
      Effect.result
    )
    if (Result.isFailure(line)) return { epochs, fault: Option.some(line.failure) }
    epochs.push(line.success)
    start = end + 1
    end = content.indexOf(lineBreak, start)
  }
  return { epochs, fault: Option.none() }
})

/** All epochs of the file, oldest first; empty if there is no file. Errors: `StoreError`. */
export const read = Effect.fn("History.read")(function* (path: string) {
  const { epochs, fault } = yield* readValid(path)
  return Option.isSome(fault) ? yield* fault.value : epochs
})

/** Size of an open file up to its last line break, in bytes. */
const wholeBytes = Effect.fnUntraced(function* (path: string, file: FileSystem.File) {
  const size = ByteSize.toBigInt((yield* file.stat).size)
  if (size === 0n) return 0
  const last = yield* file.readAlloc(1, { position: size - 1n })
  if (Option.isSome(last) && last.value[0] === lineBreak) return Number(size)
  const bytes = yield* AtomicFile.read(path, maximumBytes)
  return Option.isSome(bytes) ? bytes.value.lastIndexOf(lineBreak) + 1 : 0
})

/**
 * Appends an epoch and syncs it to disk. A failed write is undone. Errors: `StoreError`.
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
    // An interrupted operation would continue after the file is closed.
    Effect.uninterruptible,
    Effect.catchTag("PlatformError", (error) => Effect.fail(fromPlatform(path, "write")(error)))
  )
})

/**
 * Removes the epochs after `epoch` and damaged lines, for a run that resumes from an earlier checkpoint. Errors:
 * `StoreError`.
 */
export const truncate = Effect.fn("History.truncate")(function* (path: string, epoch: number) {
  const { epochs, fault } = yield* readValid(path)
  const kept = epochs.filter((line) => line.epoch <= epoch)
  if (Option.isNone(fault) && kept.length === epochs.length) return
  const lines = yield* Effect.forEach(kept, (line) => toLine(path, line))
  yield* AtomicFile.write(path, lines.join(""))
})
