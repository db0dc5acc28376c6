/**
 * A dataset of labelled grey images in four IDX files, such as MNIST and Fashion-MNIST.
 */
import { Effect, Layer } from "effect"
import { type Dataset, type Examples, Labels, type LoadedDataset } from "../Dataset.ts"
import * as IdxDataset from "./IdxDataset.ts"
import { type IdxFile, read } from "./IdxFiles.ts"

/** One split: file names without `.gz`, and the SHA-256 of the decompressed contents. */
export interface IdxSplit {
  readonly count: number
  readonly images: { readonly file: string; readonly sha256: string }
  readonly labels: { readonly file: string; readonly sha256: string }
}

export interface IdxSplits {
  readonly height: number
  readonly width: number
  readonly train: IdxSplit
  readonly test: IdxSplit
}

export interface IdxImagesOptions {
  /** Tag of the spec. */
  readonly tag: string
  /** For titles and messages, such as `Fashion-MNIST`. */
  readonly name: string
  /** Name of the subfolder in the data directory and in the cache. */
  readonly folder: string
  readonly files: IdxSplits
  readonly classes: ReadonlyArray<string>
  /** URLs of folders with the four `.gz` files, ending in `/`, tried in order. */
  readonly mirrors: ReadonlyArray<string>
  /** What to do if the data is missing; the end of the error message. */
  readonly advice: string
  readonly builtIn?: IdxDataset.BuiltIn
}

const splitFiles = (
  { count, images, labels }: IdxSplit,
  { height, width }: IdxSplits
): { readonly images: IdxFile; readonly labels: IdxFile } => ({
  images: { ...images, shape: [count, height, width] },
  labels: { ...labels, shape: [count] }
})

/** The four files, smallest first, so that a download notices early that there is no network. */
const filesOf = (files: IdxSplits): ReadonlyArray<IdxFile> => {
  const train = splitFiles(files.train, files)
  const test = splitFiles(files.test, files)
  return [test.labels, train.labels, test.images, train.images]
}

/** Reads and verifies all four files of a folder. */
export const load = Effect.fn("IdxImages.load")(function* (folder: string, files: IdxSplits) {
  const split = (part: IdxSplit) => {
    const { images, labels } = splitFiles(part, files)
    return Effect.map(
      Effect.all({ images: read(folder, images), labels: read(folder, labels) }),
      (values): Examples => ({ count: part.count, ...values })
    )
  }
  // concurrent, since zlib decompresses on its own threads
  const loaded: LoadedDataset = yield* Effect.all(
    { train: split(files.train), test: split(files.test) },
    { concurrency: 2 }
  )
  return loaded
})

/** Provides the dataset and its labels. Loads nothing. */
export const layer = (options: IdxImagesOptions): Layer.Layer<Dataset | Labels> => {
  const { classes, files, tag, ...places } = options
  return Layer.mergeAll(
    Layer.succeed(Labels, { classes }),
    IdxDataset.layer({
      ...places,
      spec: { _tag: tag },
      shape: { height: files.height, width: files.width, channels: 1 },
      files: filesOf(files),
      load: (folder) => load(folder, files)
    })
  )
}
