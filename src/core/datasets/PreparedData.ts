/**
 * Datasets that are larger than a part of the memory: decoded once into files of bytes in the cache folder, and
 * memory-mapped from then on, so that the operating system keeps in memory what training reads.
 *
 *     CACHE/prepared/DIGEST/contents.json    numbers of examples, SHA-256 of each file
 *     CACHE/prepared/DIGEST/train-images     [count, height, width, channels], one byte per value
 *     CACHE/prepared/DIGEST/train-labels     where the dataset has labels; likewise test-images, test-labels
 *
 * Laws: the examples and their order are those of the dataset in memory; a folder is complete or absent; contents are
 * compared with their checksums before they are used.
 */
import { createHash, randomUUID } from "node:crypto"
import { totalmem } from "node:os"
import { Context, Effect, FileSystem, Path, Schema } from "effect"
import { DatasetError, type Examples, type LoadedDataset } from "../Dataset.ts"
import { cacheFolder } from "./CacheFolder.ts"
import * as MappedFile from "./MappedFile.ts"
import * as UserPath from "./UserPath.ts"

/** The largest dataset that is loaded into memory, in bytes; default: half of what this process may use. */
export class DataMemory extends Context.Reference<{ readonly bytes: number }>("vae/core/datasets/DataMemory", {
  defaultValue: () => {
    const limit = process.constrainedMemory()
    return { bytes: Math.min(limit > 0 ? limit : totalmem(), totalmem()) / 2 }
  }
}) {}

/** Where images are decoded to: `bytes` zeros under a name. */
export type Allocate<E, R> = (name: string, bytes: number) => Effect.Effect<Uint8Array, E, R>

/** In memory. Errors: `DatasetError` where there is not enough. */
export const inMemory =
  (dataset: string): Allocate<DatasetError, never> =>
  (_, bytes) =>
    Effect.try({
      try: () => new Uint8Array(bytes),
      catch: (cause) => new DatasetError({ dataset, reason: `${bytes} bytes of images do not fit into memory`, cause })
    })

const Part = Schema.Struct({
  count: Schema.Int,
  images: Schema.String,
  labels: Schema.optionalKey(Schema.String)
})

const Contents = Schema.fromJsonString(Schema.Struct({ train: Part, test: Part }))

const parts = ["train", "test"] as const

/** A mapped file whose content has the checksum. */
const verified = Effect.fnUntraced(function* (path: string, expected: string) {
  const array = yield* MappedFile.open(path)
  const found = yield* Effect.sync(() => createHash("sha256").update(array).digest("hex"))
  if (found === expected) return array
  return yield* new MappedFile.MappingError({
    path,
    reason: `it is corrupt: expected SHA-256 ${expected}, found ${found}; remove its folder`
  })
})

/** Maps the files of a complete folder. */
const open = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const contents = yield* Schema.decodeEffect(Contents)(yield* fs.readFileString(join(folder, "contents.json")))
  const loaded = yield* Effect.forEach(parts, (part) =>
    Effect.gen(function* () {
      const { count, images, labels } = contents[part]
      const examples: Examples = {
        count,
        images: yield* verified(join(folder, `${part}-images`), images),
        ...(labels !== undefined && { labels: yield* verified(join(folder, `${part}-labels`), labels) })
      }
      return examples
    })
  )
  return { train: loaded[0]!, test: loaded[1]! } satisfies LoadedDataset
})

/**
 * The dataset with this digest from the cache folder; `make` decodes it if it is not there.
 *
 * Errors: those of `make`, and `DatasetError` where there is no cache folder, no room or no mmap.
 */
export const load = Effect.fn("PreparedData.load")(function* <E, R>(
  dataset: string,
  digest: string,
  make: (
    allocate: Allocate<Error, FileSystem.FileSystem | Path.Path>
  ) => Effect.Effect<LoadedDataset, E, R | FileSystem.FileSystem | Path.Path>
) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const cache = yield* cacheFolder
  if (cache === undefined) {
    const reason = "it is larger than half of the memory, so it needs a cache folder: set HOME or XDG_CACHE_HOME"
    return yield* new DatasetError({ dataset, reason })
  }
  const folder = join(cache, "prepared", digest)
  if (yield* fs.exists(folder)) return yield* open(folder)
  const unfinished = join(cache, "prepared", `.${randomUUID()}`)
  yield* fs.makeDirectory(unfinished, { recursive: true })
  return yield* Effect.gen(function* () {
    const loaded = yield* make((name, bytes) => MappedFile.create(join(unfinished, name), bytes))
    const contents = yield* Effect.forEach(parts, (part) =>
      Effect.gen(function* () {
        const { count, labels } = loaded[part]
        const path = (what: string) => join(unfinished, `${part}-${what}`)
        if (labels !== undefined) yield* fs.writeFile(path("labels"), labels)
        const images = yield* UserPath.hash(path("images"))
        return { count, images, ...(labels !== undefined && { labels: yield* UserPath.hash(path("labels")) }) }
      })
    )
    const text = yield* Schema.encodeEffect(Contents)({ train: contents[0]!, test: contents[1]! })
    yield* fs.writeFileString(join(unfinished, "contents.json"), text)
    // Another process may have been faster; its folder has the same content.
    yield* Effect.catch(fs.rename(unfinished, folder), (error) =>
      Effect.flatMap(fs.exists(folder), (present) => (present ? Effect.void : Effect.fail(error)))
    )
    return loaded
  }).pipe(Effect.ensuring(Effect.ignore(fs.remove(unfinished, { recursive: true, force: true }))))
})
