/**
 * Locates and hashes files and folders that an experiment names.
 */
import { createHash } from "node:crypto"
import { Effect, FileSystem, Path, type PlatformError, Schema, Stream } from "effect"
import { DataDirectories, DatasetError, type Located } from "../Dataset.ts"

/** The location of a file or folder. */
export interface UserPath {
  readonly source: Located["source"]
  /** An absolute path. */
  readonly location: string
}

/** Resolves a path: relative ones in the data directory, or else in the working directory. */
export const find = Effect.fn("UserPath.find")(function* (
  dataset: string,
  given: string
): Effect.fn.Return<UserPath, DatasetError | PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { dataDirectory } = yield* DataDirectories
  const relative = !path.isAbsolute(given)
  if (relative && dataDirectory !== undefined) {
    const location = path.resolve(dataDirectory, given)
    if (yield* fs.exists(location)) return { source: "data directory", location }
  }
  const location = path.resolve(given)
  if (yield* fs.exists(location)) return { source: "path", location }
  const elsewhere = relative && dataDirectory !== undefined ? `, nor is it in the data directory ${dataDirectory}` : ""
  const advice = relative ? "; give --data-dir the folder that contains it, or use its absolute path" : ""
  return yield* new DatasetError({ dataset, reason: `${location} does not exist${elsewhere}${advice}` })
})

/** A path to be read as a file is a folder, a device or the like. */
export class NoFileError extends Schema.TaggedError<NoFileError>()("NoFileError", {
  path: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `${this.path}: expected a file, found ${this.found}`
  }
}

/** SHA-256 of a file's content, read as a stream. Only regular files are read, because some devices never end. */
export const hash = Effect.fnUntraced(function* (
  path: string
): Effect.fn.Return<string, NoFileError | PlatformError.PlatformError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const { type } = yield* fs.stat(path)
  if (type !== "File") return yield* new NoFileError({ path, found: type.toLowerCase() })
  const content = createHash("sha256")
  yield* Stream.runForEach(fs.stream(path, { chunkSize: 2 ** 16 }), (chunk) => Effect.sync(() => content.update(chunk)))
  return content.digest("hex")
})

/** Adds the dataset's name to errors of files. */
export const named = (dataset: string) =>
  Effect.mapError((error: Error | DatasetError): DatasetError =>
    error instanceof DatasetError ? error : new DatasetError({ dataset, reason: error.message, cause: error })
  )
