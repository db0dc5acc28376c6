/**
 * Your own images in NumPy arrays: `[count, height, width]` for grey ones, `[count, height, width, channels]` with one or three
 * channels, as uint8 or as numbers in [0, 1], which are rounded to bytes. Arrays are `.npy` files or members of a `.npz` file.
 *
 * An array of another size is refused. The digest names the files' bytes and the split.
 */
import { Effect, Layer } from "effect"
import { Dataset, Labels } from "../Dataset.ts"
import * as ArrayDataset from "./ArrayDataset.ts"
import * as NpyFile from "./NpyFile.ts"
import * as NpzFile from "./NpzFile.ts"

/** In a `.npz` file, `test`, `labels` and `testLabels` are names of its arrays. */
export interface NumpyImagesOptions extends ArrayDataset.ArrayOptions {
  /** The array of a `.npz` file that has the images. */
  readonly array?: string
}

export interface LabelledOptions extends NumpyImagesOptions, ArrayDataset.ArrayLabels {}

const make = (
  { array, ...options }: NumpyImagesOptions,
  labelling: ArrayDataset.ArrayLabels | undefined
): Dataset["Service"] => {
  const isArchive = options.file.toLowerCase().endsWith(".npz")
  const fault = isArchive
    ? `array must name the array of ${options.file} that has the images, found nothing`
    : `array is for .npz files, found "${array}" with ${options.file}`
  return ArrayDataset.make({
    tag: "NumpyImages",
    options,
    labelling,
    array,
    fault: isArchive === (array !== undefined) ? undefined : fault,
    open: Effect.fnUntraced(function* (path, member, wanted) {
      if (member === undefined) return yield* NpyFile.openFile(path, wanted)
      const entry = yield* NpzFile.entry(path, member)
      return yield* NpyFile.open(`${path}, array ${member}`, yield* entry.open, entry.size, wanted)
    })
  })
}

/** Provides the images of an array. */
export const layer = (options: NumpyImagesOptions): Layer.Layer<Dataset> =>
  Layer.sync(Dataset, () => make(options, undefined))

/** Provides the images of an array with the labels of another. */
export const labelled = (options: LabelledOptions): Layer.Layer<Dataset | Labels> =>
  Layer.merge(
    Layer.sync(Dataset, () => make(options, options)),
    Layer.succeed(Labels, { classes: options.classes })
  )
