/**
 * Lists the files in a folder, at any depth, with their sizes. Links are listed and not followed.
 */
import { ByteSize, Effect, FileSystem, Path } from "effect"
import { fromPlatform, type StoreError } from "./StoreError.ts"

export interface FolderFile {
  /** Relative to the folder, with `/` between names. */
  readonly path: string
  readonly type: FileSystem.File.Type
  readonly bytes: number
}

/** Names of a folder's entries; empty if there is no folder. Errors: `StoreError`. */
export const names = (folder: string): Effect.Effect<ReadonlyArray<string>, StoreError, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readDirectory(folder)).pipe(
    Effect.catchTag("PlatformError", (error) =>
      error.reason._tag === "NotFound" ? Effect.succeed([]) : Effect.fail(fromPlatform(folder, "read")(error))
    )
  )

/** Files and links below a folder, and folders after their contents; empty if there is no folder. */
export const list = Effect.fn("FolderFiles.list")(function* (
  folder: string
): Effect.fn.Return<ReadonlyArray<FolderFile>, StoreError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const found: Array<FolderFile> = []
  const walk = Effect.fnUntraced(function* (
    below: string
  ): Effect.fn.Return<void, StoreError, FileSystem.FileSystem | Path.Path> {
    const absolute = join(folder, below)
    const entries = yield* names(absolute)
    for (const name of [...entries].sort()) {
      const path = below === "" ? name : `${below}/${name}`
      // A file that another process removes meanwhile is skipped.
      const stat = yield* Effect.option(fs.lstat(join(folder, path)))
      if (stat._tag === "None") continue
      const { size, type } = stat.value
      if (type === "Directory") yield* walk(path)
      found.push({ path, type, bytes: type === "File" ? ByteSize.toNumberUnsafe(size) : 0 })
    }
  })
  yield* walk("")
  return found
})

/** Total size of the files in bytes. */
export const bytesOf = (files: ReadonlyArray<FolderFile>): number => files.reduce((sum, { bytes }) => sum + bytes, 0)

/** `12.3 MB`. */
export const size = (bytes: number): string =>
  ByteSize.format(ByteSize.bytes(bytes), { precision: 1, system: "decimal" })
