/**
 * IDX files whose contents are pinned, found in a folder and read from it.
 *
 * Files may be gzip-compressed (`NAME.gz`) or not (`NAME`). The checksums are of the decompressed content, so that every
 * packaging of the same data verifies.
 */
import { Effect, FileSystem, Path, type PlatformError, Result, Schema } from "effect"
import { digestOf } from "../Spec.ts"
import { sizeOf } from "../Tensors.ts"
import { decode } from "./Idx.ts"
import { maxFileBytes, type Pinned, verify } from "./Pinned.ts"

/** One file of unsigned bytes. */
export interface IdxFile {
  /** Its name without `.gz`. */
  readonly file: string
  readonly shape: ReadonlyArray<number>
  /** Of the decompressed content. */
  readonly sha256: string
}

/** A file of the folder cannot be used. */
export class IdxFileError extends Schema.TaggedError<IdxFileError>()("IdxFileError", {
  path: Schema.String,
  /** What is wrong with it, with what was expected and what was found. */
  problem: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.path} ${this.problem}; remove or replace it`
  }
}

/** What the decompressed file must be: header and values. */
export const pinnedOf = ({ sha256, shape }: IdxFile): Pinned => ({
  sha256,
  bytes: 4 + 4 * shape.length + sizeOf(shape)
})

/** SHA-256 of the names and checksums of the files: known without reading any. */
export const digestOfFiles = (files: ReadonlyArray<IdxFile>): string =>
  digestOf(files.map(({ file, sha256 }) => [file, sha256]))

/** Path of a file in a folder, compressed or not; undefined where it is not there. */
const find = Effect.fnUntraced(function* (folder: string, file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (const candidate of [path.join(folder, `${file}.gz`), path.join(folder, file)]) {
    if (yield* fs.exists(candidate)) return candidate
  }
  return undefined
})

/** The files that a folder lacks; contents are not looked at. */
export const missing = (
  folder: string,
  files: ReadonlyArray<IdxFile>
): Effect.Effect<Array<IdxFile>, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.filter(files, ({ file }) => Effect.map(find(folder, file), (path) => path === undefined))

/** The values of one file of a folder, verified. */
export const read = Effect.fn("IdxFiles.read")(function* (folder: string, wanted: IdxFile) {
  const { file, shape } = wanted
  const pinned = pinnedOf(wanted)
  const fs = yield* FileSystem.FileSystem
  const path = yield* find(folder, file)
  if (path === undefined) return yield* new IdxFileError({ path: `${folder}: ${file}.gz`, problem: "is missing" })
  const { size, type } = yield* fs.stat(path)
  // Some devices have no end.
  if (type !== "File") return yield* new IdxFileError({ path, problem: `is no file but a ${type.toLowerCase()}` })
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
    return yield* new IdxFileError({ path, problem: `is no such IDX file: ${array.failure.message}` })
  }
  if (array.success.shape.join() !== shape.join()) {
    const problem = `has another shape: expected [${shape.join(", ")}], found [${array.success.shape.join(", ")}]`
    return yield* new IdxFileError({ path, problem })
  }
  return array.success.values
})
