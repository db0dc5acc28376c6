/**
 * Lists the images of a folder in an order that is the same on every machine: by path, compared by code unit.
 *
 * Subfolders are included; names that begin with a dot are ignored. Images of unsupported formats are an error; other
 * files are ignored.
 */
import { Effect, FileSystem, Path, type PlatformError } from "effect"
import { DatasetError } from "../Dataset.ts"

export interface ListedImage {
  /** Path relative to the folder, with `/` as separator. */
  readonly name: string
  readonly path: string
  /** Index of its class; 0 where there are no classes. */
  readonly label: number
}

const read = /\.(png|jpe?g|webp)$/i

const unread = /\.(avif|bmp|dng|exr|gif|hei[cf]|jp2|jxl|p[bgnp]m|psd|svg|tga|tiff?)$/i

/** At most ten items and the number of the others, for a message. */
export const some = (items: ReadonlyArray<string>): string =>
  items.length <= 10 ? items.join(", ") : `${items.slice(0, 10).join(", ")} and ${items.length - 10} more`

/**
 * Relative paths of everything in a folder except folders. Links are followed. A folder that is reached twice is an
 * error, because a cycle of links would never end.
 */
const walk = Effect.fnUntraced(function* (folder: string, refuse: (reason: string) => DatasetError) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const found: Array<string> = []
  /** Where each folder was first reached, by its real path. */
  const reached = new Map<string, string>()
  const below = Effect.fnUntraced(function* (
    place: string
  ): Effect.fn.Return<void, DatasetError | PlatformError.PlatformError> {
    const real = yield* fs.realPath(path.join(folder, place))
    const former = reached.get(real)
    if (former !== undefined) {
      const names = [former, place].map((name) => (name === "" ? "the folder itself" : name))
      return yield* refuse(`${names.join(" and ")} are the same folder; remove the link`)
    }
    reached.set(real, place)
    for (const { name, type } of yield* fs.readDirectoryEntries(real)) {
      const inner = path.join(place, name)
      const kind =
        type === "SymbolicLink" || type === "Unknown"
          ? yield* Effect.match(fs.stat(path.join(folder, inner)), {
              onFailure: () => type,
              onSuccess: (info) => info.type
            })
          : type
      if (kind === "Directory") yield* below(inner)
      else found.push(inner)
    }
  })
  yield* below("")
  return found
})

/** The images of a folder and its subfolders. `classes` are the subfolders' names in label order. */
export const list = Effect.fn("ImageListing.list")(function* (
  dataset: string,
  folder: string,
  classes: ReadonlyArray<string> | undefined
): Effect.fn.Return<
  ReadonlyArray<ListedImage>,
  DatasetError | PlatformError.PlatformError,
  FileSystem.FileSystem | Path.Path
> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const refuse = (reason: string) => new DatasetError({ dataset, reason: `${folder}: ${reason}` })
  const { type } = yield* fs.stat(folder)
  if (type !== "Directory") return yield* refuse(`expected a folder of images, found ${type.toLowerCase()}`)
  const labels = new Map(classes?.map((name, label) => [name.normalize("NFC"), label]))
  const files = (yield* walk(folder, refuse))
    // some file systems decompose accented characters
    .map((file) => ({ path: path.join(folder, file), name: file.replaceAll(path.sep, "/").normalize("NFC") }))
    .filter(({ name }) => !name.split("/").some((part) => part.startsWith(".")))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const foreign = files.filter(({ name }) => unread.test(name)).map(({ name }) => name)
  if (foreign.length > 0) {
    return yield* refuse(`expected PNG, JPEG and WebP images, found ${some(foreign)}; convert or remove them`)
  }
  const images = files
    .filter(({ name }) => read.test(name))
    .map((file) => ({ ...file, label: classes === undefined ? 0 : labels.get(file.name.split("/")[0]!) }))
  const outside = images.filter(({ label, name }) => label === undefined || (classes && !name.includes("/")))
  if (outside.length > 0) {
    const expected = `expected all images in the folders of the classes ${some(classes ?? [])}`
    return yield* refuse(`${expected}, found ${some(outside.map(({ name }) => name))}`)
  }
  const empty = classes?.filter((_, label) => !images.some((image) => image.label === label)) ?? []
  if (empty.length > 0) return yield* refuse(`expected images of each class, found none of ${some(empty)}`)
  if (images.length === 0)
    return yield* refuse(
      `expected PNG, JPEG or WebP images, found none among ${files.length} files: ${some(files.map(({ name }) => name))}`
    )
  return images.map(({ label = 0, ...image }) => ({ ...image, label }))
})
