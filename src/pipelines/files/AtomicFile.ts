/**
 * Atomic file writes, and bounded reads.
 *
 * Laws: a path has the old or the new content at any time, also after a failure, interruption or kill; a failed write
 * leaves nothing behind; a read takes no more memory than its bound.
 */
import { randomBytes } from "node:crypto"
import { ByteSize, Effect, FileSystem, Option, Path } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { corrupt, fromPlatform, StoreError } from "./StoreError.ts"

/** Content, optionally in pieces, so that large content is not concatenated in memory. */
export type Content = string | Uint8Array | ReadonlyArray<Uint8Array>

const pieces = (content: Content): ReadonlyArray<Uint8Array> =>
  typeof content === "string"
    ? [new TextEncoder().encode(content)]
    : content instanceof Uint8Array
      ? [content]
      : content

const isNotFound = (error: PlatformError): boolean => error.reason._tag === "NotFound"

/** Whether a file name is that of an unfinished write of a killed process. */
export const isTemporary = (name: string): boolean => /^\..+\.[0-9a-f]{12}\.tmp$/.test(name)

/** The path of an entry of a folder. Fails for names that lead elsewhere or that file systems do not allow. */
export const entry = Effect.fnUntraced(function* (folder: string, name: string) {
  const path = (yield* Path.Path).join(folder, name)
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name)) return path
  const reason = `${JSON.stringify(name)} is not a valid file name: use letters, digits, ".", "_" and "-", starting with a letter or digit`
  return yield* new StoreError({ path, problem: "cannot write", reason })
})

// Node's recursive mkdir does not terminate if the system reports an existing folder's child as not found, as in /proc.
const ensureFolder = Effect.fnUntraced(function* (
  folder: string
): Effect.fn.Return<void, PlatformError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  const isFolder = fs.stat(folder).pipe(
    Effect.map(({ type }) => type === "Directory"),
    Effect.orElseSucceed(() => false)
  )
  if (yield* isFolder) return
  if (dirname(folder) !== folder) yield* ensureFolder(dirname(folder))
  yield* fs.makeDirectory(folder).pipe(
    // Another process may have created it.
    Effect.catch((error) => Effect.flatMap(isFolder, (made) => (made ? Effect.void : Effect.fail(error))))
  )
})

/** Creates a folder and its parents. */
export const makeFolder = (folder: string): Effect.Effect<void, StoreError, FileSystem.FileSystem | Path.Path> =>
  Effect.mapError(ensureFolder(folder), fromPlatform(folder, "write"))

// A write must end before the file is closed, or it could reach another file with the same descriptor. So interruption
// waits for the current piece.

/** Writes the pieces to a new file and syncs it. */
const fill = (path: string, content: Content) =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.open(path, { flag: "wx" })
      yield* Effect.forEach(pieces(content), (piece) => Effect.uninterruptible(file.writeAll(piece)), { discard: true })
      yield* Effect.uninterruptible(file.sync)
    })
  )

/** Syncs a folder's entries. Not every system supports this; the rename is atomic anyway. */
const syncFolder = (folder: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.open(folder)).pipe(
    Effect.flatMap((file) => file.sync),
    Effect.scoped,
    Effect.uninterruptible,
    Effect.ignore
  )

/** Writes a file atomically, and creates its folders. Errors: `StoreError`. */
export const write = Effect.fn("AtomicFile.write")(function* (path: string, content: Content) {
  const fs = yield* FileSystem.FileSystem
  const { basename, dirname, join } = yield* Path.Path
  const folder = dirname(path)
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`)
  yield* makeFolder(folder)
  yield* fill(temporary, content).pipe(
    Effect.andThen(Effect.uninterruptible(fs.rename(temporary, path))),
    Effect.onError(() => Effect.ignore(fs.remove(temporary, { force: true }))),
    Effect.mapError(fromPlatform(path, "write"))
  )
  yield* syncFolder(folder)
})

/** The content of a file of at most `maximumBytes`; none if there is no such file. Errors: `StoreError`. */
export const read = Effect.fn("AtomicFile.read")(function* (path: string, maximumBytes: number) {
  const fs = yield* FileSystem.FileSystem
  const bytes = Effect.gen(function* () {
    const { size, type } = yield* fs.stat(path)
    if (type !== "File") {
      return yield* new StoreError({
        path,
        problem: "cannot read",
        reason: `expected a file, found a ${type}`
      })
    }
    if (ByteSize.toBigInt(size) > maximumBytes) {
      return yield* corrupt(path, `it has ${size} bytes, more than the maximum of ${maximumBytes}`)
    }
    return Option.some(yield* fs.readFile(path))
  })
  return yield* bytes.pipe(
    Effect.catchTag("PlatformError", (error) =>
      isNotFound(error) ? Effect.succeedNone : Effect.fail(fromPlatform(path, "read")(error))
    )
  )
})

/** Decodes UTF-8; invalid bytes are an error. */
export const textOf = (path: string, bytes: Uint8Array): Effect.Effect<string, StoreError> =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => corrupt(path, "it is not UTF-8 text")
  })
