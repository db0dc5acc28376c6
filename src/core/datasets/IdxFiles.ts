/**
 * Labelled grey images in four IDX files whose contents are pinned, found in a folder and read from it.
 *
 * Files may be gzip-compressed (`NAME.gz`) or not (`NAME`). The checksums are of the decompressed content, so that every
 * packaging of the same data verifies.
 */
import { Effect, FileSystem, Path, type PlatformError, Result, Schema } from "effect"
import type { Examples, LoadedDataset } from "../Dataset.ts"
import { digestOf } from "../Spec.ts"
import { decode } from "./Idx.ts"
import { maxFileBytes, type Pinned, verify } from "./Pinned.ts"

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

/** One split: names without `.gz`, and the SHA-256 of the decompressed contents. */
export interface IdxSplit {
  readonly count: number
  readonly images: { readonly file: string; readonly sha256: string }
  readonly labels: { readonly file: string; readonly sha256: string }
}

export interface IdxFiles {
  readonly height: number
  readonly width: number
  readonly train: IdxSplit
  readonly test: IdxSplit
}

/** One file with its content. */
export interface IdxFile {
  readonly file: string
  readonly shape: ReadonlyArray<number>
  readonly pinned: Pinned
}

const splitFiles = ({ count, images, labels }: IdxSplit, { height, width }: IdxFiles) => ({
  images: {
    file: images.file,
    shape: [count, height, width],
    pinned: { sha256: images.sha256, bytes: 16 + count * height * width }
  },
  labels: { file: labels.file, shape: [count], pinned: { sha256: labels.sha256, bytes: 8 + count } }
})

/** The four files, small ones first: a download of them learns soon that there is no network. */
export const filesOf = (files: IdxFiles): ReadonlyArray<IdxFile> => {
  const train = splitFiles(files.train, files)
  const test = splitFiles(files.test, files)
  return [test.labels, train.labels, test.images, train.images]
}

/** SHA-256 of the names and checksums of the files: known without reading any. */
export const digestOfFiles = (files: IdxFiles): string =>
  digestOf(filesOf(files).map(({ file, pinned }) => [file, pinned.sha256]))

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
  files: IdxFiles
): Effect.Effect<Array<IdxFile>, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.filter(filesOf(files), ({ file }) => Effect.map(find(folder, file), (path) => path === undefined))

/** The values of one file, verified. */
const read = Effect.fnUntraced(function* (folder: string, { file, pinned, shape }: IdxFile) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* find(folder, file)
  if (path === undefined) return yield* new IdxFileError({ path: `${folder}: ${file}.gz`, problem: "is missing" })
  const { size } = yield* fs.stat(path)
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

/** Reads and verifies all four files of a folder. */
export const load = Effect.fn("IdxFiles.load")(function* (folder: string, files: IdxFiles) {
  const split = (part: IdxSplit) => {
    const { images, labels } = splitFiles(part, files)
    return Effect.map(
      Effect.all({ images: read(folder, images), labels: read(folder, labels) }),
      (values): Examples => ({ count: part.count, ...values })
    )
  }
  // both at once: zlib decompresses on threads of its own
  const loaded: LoadedDataset = yield* Effect.all(
    { train: split(files.train), test: split(files.test) },
    { concurrency: 2 }
  )
  return loaded
})
