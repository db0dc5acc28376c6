/**
 * Columns of a parquet file, read row group by row group.
 *
 * Source: https://parquet.apache.org/docs/file-format/
 */
import * as zlib from "node:zlib"
import { Effect, FileSystem, Schema } from "effect"
import type { Compressors } from "hyparquet"
import * as UserPath from "./UserPath.ts"

/** A file is not the expected parquet file. */
export class ParquetError extends Schema.TaggedError<ParquetError>()("ParquetError", {
  path: Schema.String,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.path}: ${this.reason}`
  }
}

export interface ParquetFile {
  readonly path: string
  readonly count: number
  readonly columns: ReadonlyArray<string>
  /** Rows of each group. */
  readonly groups: ReadonlyArray<{ readonly start: number; readonly end: number }>
  /** Texts that the writer has left in the file, such as Hugging Face's description of the columns. */
  readonly metadata: ReadonlyMap<string, string>
  /** The values of a column in rows `start` to `end`. Bytes are `Uint8Array`s, integers numbers or bigints. */
  readonly read: (column: string, start: number, end: number) => Effect.Effect<ReadonlyArray<unknown>, ParquetError>
}

/** What Node.js itself decompresses; hyparquet knows Snappy. */
const compressors: Compressors = {
  GZIP: (bytes) => zlib.gunzipSync(bytes),
  BROTLI: (bytes) => zlib.brotliDecompressSync(bytes),
  ZSTD: (bytes) => zlib.zstdDecompressSync(bytes)
}

/** Reads the footer of a file. */
export const open = Effect.fn("ParquetFile.open")(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const { type } = yield* fs.stat(path)
  if (type !== "File") return yield* new UserPath.NoFileError({ path, found: type.toLowerCase() })
  const adapt = <A>(what: string, use: () => Promise<A>) =>
    Effect.tryPromise({
      try: use,
      catch: (cause) => {
        const reason = `${what} cannot be read: ${cause instanceof Error ? cause.message : cause}`
        return new ParquetError({ path, reason, cause })
      }
    })
  const library = yield* adapt("the library hyparquet", () => import("hyparquet"))
  const file = yield* adapt("it", () => library.asyncBufferFromFile(path))
  const metadata = yield* adapt("its footer", () => library.parquetMetadataAsync(file))
  let next = 0
  const groups = metadata.row_groups.map(({ num_rows }) => {
    const start = next
    next += Number(num_rows)
    return { start, end: next }
  })
  const opened: ParquetFile = {
    path,
    count: next,
    columns: library.parquetSchema(metadata).children.map(({ element }) => element.name),
    groups,
    metadata: new Map(metadata.key_value_metadata?.map(({ key, value = "" }) => [key, value])),
    read: (column, start, end) =>
      adapt(`column ${column}, rows ${start} to ${end - 1},`, async () => {
        const values = await library.parquetReadObjects({
          file,
          metadata,
          columns: [column],
          rowStart: start,
          rowEnd: end,
          utf8: false,
          compressors
        })
        return values.map((row) => row[column])
      })
  }
  return opened
})
