/**
 * Removes listed files of a folder, then listed folders that are empty.
 *
 * Laws: links are not followed; a folder with other contents stays.
 */
import { rmdir } from "node:fs/promises"
import { Effect, FileSystem, Path } from "effect"
import type { FolderFile } from "./FolderFiles.ts"
import { fromPlatform, StoreError } from "./StoreError.ts"

const parent = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")))

/** The folders that are listed or contain a listed file, innermost first; the common folder (empty path) last. */
const foldersOf = (files: ReadonlyArray<FolderFile>): ReadonlyArray<string> => {
  const found = new Set<string>([""])
  for (const { path, type } of files) {
    for (let folder = type === "Directory" ? path : parent(path); folder !== ""; folder = parent(folder))
      found.add(folder)
  }
  return [...found].sort((left, right) => right.length - left.length)
}

/** Removes a folder if it is empty. The file system service can only remove folders with their contents. */
const removeEmpty = (folder: string) =>
  Effect.ignore(Effect.tryPromise({ try: () => rmdir(folder), catch: (cause) => cause }))

/** Removes the files, the manifest first, so that a partly removed run is not mistaken for a finished one. */
export const removeFiles = Effect.fn("RemoveFiles.removeFiles")(function* (
  folder: string,
  files: ReadonlyArray<FolderFile>
) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const real = yield* Effect.mapError(fs.realPath(folder), fromPlatform(folder, "write"))
  const folders = foldersOf(files)
  for (const below of folders) {
    const at = yield* Effect.mapError(fs.realPath(join(folder, below)), fromPlatform(join(folder, below), "write"))
    if (at !== join(real, below)) {
      const reason = "it has become a link, which is not followed"
      return yield* new StoreError({ path: join(folder, below), problem: "cannot write", reason })
    }
  }
  const ordered = files
    .filter(({ type }) => type !== "Directory")
    .sort((left, right) => Number(right.path === "manifest.json") - Number(left.path === "manifest.json"))
  for (const { path } of ordered) {
    const file = join(folder, path)
    yield* Effect.mapError(fs.remove(file, { force: true }), fromPlatform(file, "write"))
  }
  for (const below of folders) yield* removeEmpty(join(folder, below))
})
