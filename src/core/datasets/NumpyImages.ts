/**
 * Your own images in a NumPy array: `[count, height, width]` for grey, or `[count, height, width, channels]` with one
 * or three channels; uint8, or numbers in [0, 1], which are rounded to bytes.
 *
 * The size is an option, because a dataset's shape is known before anything is read; an array of another size is an
 * error. The digest covers the files' bytes and the split.
 */
import { Effect, Layer, Path, Result } from "effect"
import { Dataset, DatasetError, Labels, type LoadedDataset } from "../Dataset.ts"
import { digestOf } from "../Spec.ts"
import * as UserPath from "./UserPath.ts"
import * as NpyFile from "./NpyFile.ts"
import * as Split from "./Split.ts"

export interface NumpyImagesOptions extends Split.SplitOptions {
  /** The `.npy` file: an absolute path, or one relative to the data directory or else to the working directory. */
  readonly file: string
  /** In pixels. */
  readonly height: number
  /** In pixels. */
  readonly width: number
  /** 1 for grey, 3 for red, green and blue; default: 1. */
  readonly channels?: 1 | 3
  /** For titles and messages; default: the file's name. */
  readonly name?: string
}

export interface LabelledOptions extends NumpyImagesOptions {
  /** A `.npy` file of integers, one class per image: an absolute path, or one relative to the folder of the images. */
  readonly labels: string
  /** Names of the classes, at most 256. The index is the label. */
  readonly classes: ReadonlyArray<string>
}

type Labelling = Pick<LabelledOptions, "labels" | "classes">

/** What is wrong with the options and what is allowed; undefined if they are valid. */
const faultOf = (
  { file, height, width }: NumpyImagesOptions,
  labelling: Labelling | undefined,
  split: Split.Split
): string | undefined => {
  const { classes } = labelling ?? {}
  for (const [name, value] of Object.entries({ height, width })) {
    if (!Number.isInteger(value) || value < 1 || value > 65_536) {
      return `${name} must be an integer from 1 to 65536, found ${value}`
    }
  }
  if (file === "") return "file must be the path of a .npy file, found an empty string"
  if (classes !== undefined && (classes.length < 1 || classes.length > 256)) {
    return `classes must be 1 to 256 names, found ${classes.length}`
  }
  return Split.faultOf(split)
}

/** Reads images and labels and checks one against the other. */
const read = Effect.fnUntraced(function* (
  name: string,
  options: NumpyImagesOptions,
  images: string,
  labelling: Labelling | undefined
) {
  const { channels = 1, height, width } = options
  const grey = channels === 1 ? `[count, ${height}, ${width}] or ` : ""
  const pixels = yield* NpyFile.read(images, {
    purpose: "pixels",
    shape: `an array ${grey}[count, ${height}, ${width}, ${channels}]`,
    fits: ([, ...sizes]) =>
      sizes.join() === `${height},${width},${channels}` || (channels === 1 && sizes.join() === `${height},${width}`)
  })
  const count = pixels.shape[0]!
  if (labelling === undefined) {
    return { examples: { count, images: pixels.values }, hashes: { images: pixels.sha256 } }
  }
  const { classes, labels } = labelling
  const given = yield* NpyFile.read(labels, {
    purpose: "labels",
    shape: `an array [${count}], one label per image`,
    fits: (shape) => shape.length === 1 && shape[0] === count
  })
  const wrong = given.values.findIndex((label) => label >= classes.length)
  if (wrong >= 0) {
    const found = `${given.values[wrong]} at [${wrong}]`
    const reason = `${labels}: expected labels from 0 to ${classes.length - 1}, one per class name, found ${found}`
    return yield* new DatasetError({ dataset: name, reason })
  }
  return {
    examples: { count, images: pixels.values, labels: given.values },
    hashes: { images: pixels.sha256, labels: given.sha256 }
  }
})

const make = (options: NumpyImagesOptions, labelling?: Labelling): Dataset["Service"] => {
  const { channels = 1, file, height, width } = options
  const name = options.name ?? file.split(/[/\\]/).at(-1)!
  const split = Split.resolve(options)
  const fault = faultOf(options, labelling, split)
  const fail = (reason: string) => Effect.fail(new DatasetError({ dataset: name, reason }))
  const digest = (hashes: { readonly images: string; readonly labels?: string }) => digestOf({ ...hashes, split })
  /** The options, with the absolute path of the labels. */
  const beside = Effect.fnUntraced(function* (images: string) {
    const path = yield* Path.Path
    return labelling && { ...labelling, labels: path.resolve(path.dirname(images), labelling.labels) }
  })
  const locate = Effect.gen(function* () {
    if (fault !== undefined) return yield* fail(fault)
    const place = yield* UserPath.find(name, file)
    const found = yield* beside(place.location)
    const images = yield* UserPath.hash(place.location)
    return {
      ...place,
      digest: digest(found === undefined ? { images } : { images, labels: yield* UserPath.hash(found.labels) })
    }
  }).pipe(UserPath.named(name))
  return {
    spec: {
      _tag: "NumpyImages",
      file,
      shape: [height, width, channels],
      ...(labelling !== undefined && { labels: labelling.labels, classes: labelling.classes }),
      split
    },
    name,
    shape: { height, width, channels },
    peek: locate,
    locate,
    load: Effect.fn("NumpyImages.load")(function* (located) {
      const { examples, hashes } = yield* read(name, options, located.location, yield* beside(located.location))
      if (digest(hashes) !== located.digest) {
        const known = `${located.location} has changed since it was located: its digest is now ${digest(hashes)}`
        return yield* fail(`no data has the digest ${located.digest}; ${known}`)
      }
      const loaded: LoadedDataset = yield* Result.match(Split.divide(examples, split), {
        onFailure: fail,
        onSuccess: Effect.succeed
      })
      return loaded
    }, UserPath.named(name))
  }
}

/** Provides the images of a `.npy` file. */
export const layer = (options: NumpyImagesOptions): Layer.Layer<Dataset> => Layer.sync(Dataset, () => make(options))

/** Provides the images of a `.npy` file with the labels of another. */
export const labelled = (options: LabelledOptions): Layer.Layer<Dataset | Labels> =>
  Layer.merge(
    Layer.sync(Dataset, () => make(options, options)),
    Layer.succeed(Labels, { classes: options.classes })
  )
