/**
 * Your own images in NumPy arrays: `[count, height, width]` for grey ones, `[count, height, width, channels]` with one or three
 * channels, as uint8 or as numbers in [0, 1], which are rounded to bytes. Arrays are `.npy` files or members of a `.npz` file.
 *
 * An array of another size is refused. The digest names the files' bytes and the split.
 */
import { Effect, Layer, Option, Result } from "effect"
import { Dataset, Labels } from "../Dataset.ts"
import * as ArrayDataset from "./ArrayDataset.ts"
import { type Detect, numberedClasses } from "./Detected.ts"
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
  const problem = isArchive
    ? `array must name the array of ${options.file} that has the images, found nothing`
    : `array is for .npz files, found "${array}" with ${options.file}`
  return ArrayDataset.make({
    tag: "NumpyImages",
    options,
    labelling,
    array,
    problem: isArchive === (array !== undefined) ? undefined : problem,
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

/** The arrays of an archive that hold images or labels, by their names. */
const arraysIn = Effect.fnUntraced(function* (file: string) {
  const all = yield* NpzFile.entries(file)
  return yield* Effect.forEach(all, ({ name, open, size }) =>
    Effect.gen(function* () {
      const as = (purpose: ArrayDataset.Purpose) =>
        Effect.flatMap(open, (reader) => NpyFile.open(name, reader, size, ArrayDataset.anything(purpose)))
      const pixels = yield* Effect.result(as("pixels"))
      const shape = Result.getOrUndefined(pixels)?.shape ?? []
      const images = ArrayDataset.imageShape(shape)
      if (images !== undefined) return { name, images, count: shape[0]!, labels: undefined, problem: undefined }
      const problem = Result.isFailure(pixels) ? pixels.failure.message : `${name}: has shape [${shape.join(", ")}]`
      const numbers = Option.getOrUndefined(yield* Effect.option(as("labels")))
      const count = numbers?.shape[0] ?? 0
      const labels = numbers && Option.getOrUndefined(yield* Effect.option(ArrayDataset.labelsIn(numbers, count)))
      return { name, images, count, labels, problem }
    })
  )
})

const detectArchive = Effect.fnUntraced(function* (file: string) {
  const arrays = yield* arraysIn(file)
  const isTest = (name: string) => /test/i.test(name)
  const images = arrays.filter((array) => array.images !== undefined)
  const first = images.find(({ name }) => !isTest(name) && !/val/i.test(name)) ?? images[0]
  if (first?.images === undefined) {
    const faults = arrays.flatMap(({ problem }) => problem ?? []).join("; ")
    return yield* new NpzFile.NpzError({ path: file, reason: `no array has images: ${faults || "it has no arrays"}` })
  }
  const test = images.find(({ name }) => name !== first.name && isTest(name))
  const labelsOf = (count: number, forTest: boolean) =>
    arrays.find(({ count: other, labels, name }) => labels !== undefined && other === count && isTest(name) === forTest)
  const labels = labelsOf(first.count, isTest(first.name))
  const testLabels = test && labelsOf(test.count, true)
  const notes = [`arrays: ${arrays.map(({ name }) => name).join(", ")}`]
  const options = { file, array: first.name, ...first.images }
  if (labels?.labels === undefined || (test !== undefined && testLabels?.labels === undefined)) {
    const all = { ...options, ...(test !== undefined && { test: test.name }) }
    return { call: "NumpyImages.layer", options: all, notes, layer: layer(all) }
  }
  const all = {
    ...options,
    labels: labels.name,
    ...(test !== undefined && testLabels !== undefined && { test: test.name, testLabels: testLabels.name }),
    classes: numberedClasses(Uint8Array.from([...labels.labels, ...(testLabels?.labels ?? [])]))
  }
  return { call: "NumpyImages.labelled", options: all, notes, layer: labelled(all) }
})

const detectFile = ArrayDataset.detect({
  module: "NumpyImages",
  isFile: (file) => /\.npy$/i.test(file),
  open: NpyFile.openFile,
  layer,
  labelled
})

/** A `.npy` file of images, with the labels of the file beside it that is named accordingly; or a `.npz` file. */
export const detect: Detect = (file) => (/\.npz$/i.test(file) ? detectArchive(file) : detectFile(file))
