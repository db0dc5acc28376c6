/**
 * Arrays in a `.npz` file, NumPy's archive: a zip file with one `NAME.npy` per array, stored or deflated.
 *
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.savez.html
 */
import { crc32 } from "node:zlib"
import { Effect, Schema, type Scope } from "effect"
import * as ByteReader from "./ByteReader.ts"

/** An archive or one of its arrays cannot be read. */
export class NpzError extends Schema.TaggedError<NpzError>()("NpzError", {
  path: Schema.String,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.path}: ${this.reason}`
  }
}

/** An array as it is in the archive. */
export interface NpzEntry {
  /** Without `.npy`. */
  readonly name: string
  /** Of the `.npy` content. */
  readonly size: number
  /** The content from its start; the scope closes the stream. */
  readonly open: Effect.Effect<ByteReader.ByteReader, NpzError, Scope.Scope>
}

/** No deflated data expands by more: https://www.zlib.net/zlib_tech.html */
const maximumRatio = 1032

/** Compares the CRC-32 of `size` bytes with the archive's once they are read, which yauzl leaves to its caller. */
const checked = (reader: ByteReader.ByteReader, size: number, expected: number): ByteReader.ByteReader => {
  let [found, read] = [0, 0]
  return {
    fill: Effect.fnUntraced(function* (buffer) {
      const count = yield* reader.fill(buffer)
      found = crc32(buffer.subarray(0, count), found)
      read += count
      if (read === size && count > 0 && found !== expected) {
        return yield* new ByteReader.StreamError({ reason: "the archive is damaged: the CRC-32 of an array is wrong" })
      }
      return count
    })
  }
}

/** All arrays of an archive, which stays open until the scope closes. */
export const entries = Effect.fn("NpzFile.entries")(function* (path: string) {
  const adapt = <A>(use: () => Promise<A>) =>
    Effect.tryPromise({
      try: use,
      catch: (cause) => {
        const reason = `expected a .npz file, found no readable zip archive: ${cause instanceof Error ? cause.message : cause}`
        return new NpzError({ path, reason, cause })
      }
    })
  const { openPromise } = yield* adapt(() => import("yauzl"))
  const archive = yield* Effect.acquireRelease(
    adapt(() => openPromise(path, { autoClose: false })),
    (opened) => Effect.sync(() => opened.close())
  )
  const found = yield* adapt(async () => {
    const all = []
    for await (const entry of archive.eachEntry()) all.push(entry)
    return all
  })
  const lying = found.find((entry) => entry.uncompressedSize > maximumRatio * (entry.compressedSize + 1))
  if (lying !== undefined) {
    const sizes = `${lying.compressedSize} bytes cannot hold the ${lying.uncompressedSize} that ${lying.fileName} claims`
    return yield* new NpzError({ path, reason: sizes })
  }
  return found
    .filter(({ fileName }) => fileName.endsWith(".npy"))
    .map((entry): NpzEntry => ({
      name: entry.fileName.slice(0, -".npy".length),
      size: entry.uncompressedSize,
      open: Effect.acquireRelease(
        adapt(() => archive.openReadStreamPromise(entry)),
        (stream) => Effect.sync(() => stream.destroy())
      ).pipe(Effect.map((stream) => checked(ByteReader.ofReadable(stream), entry.uncompressedSize, entry.crc32)))
    }))
})

/** One array of an archive; the error names those that there are. */
export const entry = Effect.fnUntraced(function* (path: string, name: string) {
  const all = yield* entries(path)
  const found = all.find((one) => one.name === name)
  const names = all.map((one) => one.name).join(", ")
  return found ?? (yield* new NpzError({ path, reason: `expected an array "${name}", found ${names || "no arrays"}` }))
})
