/**
 * Finds and reads IDX files with pinned checksums in a folder.
 *
 * Files may be gzip-compressed (`NAME.gz`) or not (`NAME`). Checksums are of the decompressed content, so every
 * packaging of the same data passes.
 */
import { Effect, FileSystem, Path, type PlatformError, Result, Schema } from "effect"
import { digestOf } from "../Spec.ts"
import { sizeOf } from "../Tensors.ts"
import { decode } from "./Idx.ts"
import { maxFileBytes, type Pinned, verify } from "./Pinned.ts"

/** One IDX file of unsigned bytes. */
export interface IdxFile {
  /** File name without `.gz`. */
  readonly file: string
  readonly shape: ReadonlyArray<number>
  /** Of the decompressed content. */
  readonly sha256: string
}

/** A file of the folder cannot be used. */
export class IdxFileError extends Schema.TaggedError<IdxFileError>()("IdxFileError", {
  path: Schema.String,
  /** What is wrong, with the expected and the found value. */
  problem: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.path} ${this.problem}; remove or replace it`
  }
}

/** The pinned content of the decompressed file, header included. */
export const pinnedOf = ({ sha256, shape }: IdxFile): Pinned => ({
  sha256,
  bytes: 4 + 4 * shape.length + sizeOf(shape)
})

/** SHA-256 of the files' names and checksums, computed without reading them. */
export const digestOfFiles = (files: ReadonlyArray<IdxFile>): string =>
  digestOf(files.map(({ file, sha256 }) => [file, sha256]))

/** Path of a file in a folder, compressed or not; undefined if it is missing. */
const find = Effect.fnUntraced(function* (folder: string, file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (const candidate of [path.join(folder, `${file}.gz`), path.join(folder, file)]) {
    if (yield* fs.exists(candidate)) return candidate
  }
  return undefined
})

/** The files that are missing from a folder. Contents are not read. */
export const missing = (
  folder: string,
  files: ReadonlyArray<IdxFile>
): Effect.Effect<Array<IdxFile>, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.filter(files, ({ file }) => Effect.map(find(folder, file), (path) => path === undefined))

/** Reads and verifies one file of a folder. */
export const read = Effect.fn("IdxFiles.read")(function* (folder: string, wanted: IdxFile) {
  const { file, shape } = wanted
  const pinned = pinnedOf(wanted)
  const fs = yield* FileSystem.FileSystem
  const path = yield* find(folder, file)
  if (path === undefined) return yield* new IdxFileError({ path: `${folder}: ${file}.gz`, problem: "is missing" })
  const { size, type } = yield* fs.stat(path)
  // Reading some devices never ends.
  if (type !== "File") return yield* new IdxFileError({ path, problem: `is not a file but a ${type.toLowerCase()}` })
  if (size > maxFileBytes(pinned)) {
    const problem = `is too large: expected at most ${maxFileBytes(pinned)} bytes, found ${size}`
    return yield* new IdxFileError({ path, problem })
  }
  const content = yield* fs.readFile(path).pipe(
    Effect.flatMap((bytes) => verify(bytes, pinned)),
    Effect.catchTag("PinnedError", (cause) =>
      Effect.fail(new IdxFileError({ path, problem: `is corrupt: ${cause.message}`, cause }))
    )
  )
  const array = decode(content, shape.length)
  if (Result.isFailure(array)) {
    return yield* new IdxFileError({ path, problem: `is not the expected IDX file: ${array.failure.message}` })
  }
  if (array.success.shape.join() !== shape.join()) {
    const problem = `has another shape: expected [${shape.join(", ")}], found [${array.success.shape.join(", ")}]`
    return yield* new IdxFileError({ path, problem })
  }
  return array.success.values
})
