/**
 * Datasets of arrays on disk, in any format: images `[count, height, width]` or `[count, height, width, channels]`,
 * labels `[count]` or `[count, 1]`, and optionally separate test images and labels.
 */
import { Effect, FileSystem, type Layer, Path, type PlatformError, Schema, type Scope } from "effect"
import type { Dataset, Labels } from "../Dataset.ts"
import type { Json } from "../Spec.ts"
import type { StreamError } from "./ByteReader.ts"
import { type Detect, numberedClasses } from "./Detected.ts"
import { sizeOf } from "../Tensors.ts"
import * as UserDataset from "./UserDataset.ts"
import * as UserPath from "./UserPath.ts"

/** A file is not the expected array. */
export class ArrayError extends Schema.TaggedError<ArrayError>()("ArrayError", {
  /** The file, and the array in it if it has several. */
  array: Schema.String,
  expected: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `${this.array}: expected ${this.expected}, found ${this.found}`
  }
}

export interface ArrayOptions extends UserDataset.UserDatasetOptions {
  /**
   * The file of the images: an absolute path, or one relative to the data directory or else to the working directory.
   */
  readonly file: string
  /** 1 for grey, 3 for red, green and blue; default: 1. */
  readonly channels?: 1 | 3
  /**
   * Test images that are stored apart, so that nothing is divided: a file, whose path may be relative to that of
   * `file`.
   */
  readonly test?: string
}

export interface ArrayLabels {
  /** Integers, one class per image: a file, whose path may be relative to that of `file`. */
  readonly labels: string
  /** Classes of the images in `test`. */
  readonly testLabels?: string
  /** Names of the classes, at most 256. The index is the label. */
  readonly classes: ReadonlyArray<string>
}

/** What an array is for: grey values or colours, or class indices. */
export type Purpose = "pixels" | "labels"

export interface Wanted {
  readonly purpose: Purpose
  /** Whether an array may have this shape. */
  readonly fits: (shape: ReadonlyArray<number>) => boolean
  /** The accepted shapes, for messages. */
  readonly shape: string
}

/** An array whose shape is known. */
export interface OpenedArray {
  readonly shape: ReadonlyArray<number>
  /** Reads the values as bytes to the place of each row along the first axis. */
  readonly readRows: (
    place: (index: number) => Uint8Array
  ) => Effect.Effect<void, ArrayError | StreamError | PlatformError.PlatformError>
}

/** Copies values, of which the first is number `from` of an array, to the places of the array's rows. */
export const scatter = (
  values: Uint8Array,
  from: number,
  rowSize: number,
  place: (index: number) => Uint8Array
): void => {
  for (let at = 0; at < values.length;) {
    const column = (from + at) % rowSize
    const part = values.subarray(at, at + rowSize - column)
    place((from + at - column) / rowSize).set(part, column)
    at += part.length
  }
}

/** Whatever may be opened for a purpose. */
export const anything = (purpose: Purpose): Wanted => ({ purpose, shape: "any array", fits: () => true })

/** The shape of the images in an array; undefined if it has none. */
export const imageShape = ([, height, width, channels = 1, ...rest]: ReadonlyArray<number>) =>
  height !== undefined && width !== undefined && rest.length === 0 && (channels === 1 || channels === 3)
    ? { height, width, channels: channels as 1 | 3 }
    : undefined

/** Labels of `count` images; undefined if the array has none. */
export const labelsIn = Effect.fnUntraced(function* ({ readRows, shape }: OpenedArray, count: number) {
  if (shape[0] !== count || sizeOf(shape) !== count) return undefined
  const labels = new Uint8Array(count)
  yield* readRows((index) => labels.subarray(index, index + 1))
  return labels
})

/** What a file of labels beside one of images would be called, after the convention of MNIST's files. */
const namesOfLabels = (images: string): ReadonlyArray<string> => {
  const name = images.replace("images", "labels").replace("idx3", "idx1")
  return name === images ? [] : [name, name.replace(/\.gz$/, ""), `${name}.gz`]
}

/** A format whose files have one array each, and the functions that provide its datasets. */
export interface DetectedFormat {
  /** The module whose functions are called `layer` and `labelled`. */
  readonly module: string
  /** Whether a file has the format's name. */
  readonly isFile: (file: string) => boolean
  readonly open: (
    file: string,
    wanted: Wanted
  ) => Effect.Effect<OpenedArray, Error, FileSystem.FileSystem | Path.Path | Scope.Scope>
  readonly layer: (options: ArrayOptions) => Layer.Layer<Dataset>
  readonly labelled: (options: ArrayOptions & ArrayLabels) => Layer.Layer<Dataset | Labels>
}

/** Finds the images of a file, with the labels of the file beside it that is named accordingly. */
export const detect = ({ isFile, labelled, layer, module, open }: DetectedFormat): Detect =>
  Effect.fnUntraced(function* (file) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (!isFile(file)) return undefined
    const { shape } = yield* open(file, anything("pixels"))
    const size = imageShape(shape)
    if (size === undefined) return undefined
    const options = { file, ...size }
    for (const labels of namesOfLabels(path.basename(file))) {
      const beside = path.join(path.dirname(file), labels)
      if (!(yield* fs.exists(beside))) continue
      const found = yield* labelsIn(yield* open(beside, anything("labels")), shape[0]!)
      if (found === undefined) continue
      const all = { ...options, labels, classes: numberedClasses(found) }
      return { call: `${module}.labelled`, options: all, notes: [], layer: labelled(all) }
    }
    return { call: `${module}.layer`, options, notes: [], layer: layer(options) }
  })

export interface ArrayFormat {
  readonly tag: string
  readonly options: ArrayOptions
  readonly labelling: ArrayLabels | undefined
  /** The array of the images, where `file` is an archive of named arrays; then all other arrays are in it too. */
  readonly array?: string | undefined
  readonly problem?: string | undefined
  /** Opens an array of a file until the scope closes. Fails where it is not what is wanted. */
  readonly open: (
    path: string,
    array: string | undefined,
    wanted: Wanted
  ) => Effect.Effect<OpenedArray, Error, FileSystem.FileSystem | Path.Path | Scope.Scope>
}

/** The names of the arrays of one part: paths, or members of the archive. */
interface Part {
  readonly images: string
  readonly labels?: string | undefined
}

export const make = (format: ArrayFormat): Dataset["Service"] => {
  const { array, labelling, options, tag } = format
  const { channels = 1, file, height, test, width } = options
  const parts: ReadonlyArray<Part> = [
    { images: array ?? "", labels: labelling?.labels },
    ...(test === undefined ? [] : [{ images: test, labels: labelling?.testLabels }])
  ]
  const grey = channels === 1 ? `[count, ${height}, ${width}] or ` : ""
  const images: Wanted = {
    purpose: "pixels",
    shape: `an array ${grey}[count, ${height}, ${width}, ${channels}]`,
    fits: ([, ...sizes]) =>
      sizes.join() === `${height},${width},${channels}` || (channels === 1 && sizes.join() === `${height},${width}`)
  }
  const pathOf = Effect.fnUntraced(function* (location: string, name: string) {
    const path = yield* Path.Path
    return array !== undefined || name === "" ? location : path.resolve(path.dirname(location), name)
  })
  const opened = Effect.fnUntraced(function* (location: string, name: string, wanted: Wanted) {
    return yield* format.open(yield* pathOf(location, name), array === undefined ? undefined : name, wanted)
  })
  const hashOf = Effect.fnUntraced(function* (location: string, { images, labels }: Part) {
    const hash: Record<string, Json> = { images: yield* UserPath.hash(yield* pathOf(location, images)) }
    if (labels !== undefined) hash["labels"] = yield* UserPath.hash(yield* pathOf(location, labels))
    if (array !== undefined) hash["arrays"] = [images, ...(labels === undefined ? [] : [labels])]
    return hash
  })
  const labelsOf = Effect.fnUntraced(function* (location: string, name: string, count: number, classes: number) {
    const found = yield* opened(location, name, {
      purpose: "labels",
      shape: `an array [${count}], one label per image`,
      fits: ([length, ...rest]) => length === count && (rest.length === 0 || rest.join() === "1")
    })
    const labels = (yield* labelsIn(found, count)) ?? new Uint8Array(count)
    const wrong = labels.findIndex((label) => label >= classes)
    if (wrong < 0) return labels
    return yield* new ArrayError({
      array: array === undefined ? yield* pathOf(location, name) : `${location}, array ${name}`,
      expected: `labels from 0 to ${classes - 1}, because there are ${classes} classes`,
      found: `${labels[wrong]} at [${wrong}]`
    })
  }, Effect.scoped)
  const sourceOf = Effect.fnUntraced(function* (location: string, part: Part) {
    const { shape } = yield* Effect.scoped(opened(location, part.images, images))
    const count = shape[0]!
    const source: UserDataset.Source = {
      count,
      ...(labelling !== undefined && {
        labels: yield* labelsOf(location, part.labels ?? "", count, labelling.classes.length)
      }),
      read: Effect.fnUntraced(function* (place) {
        const hash = yield* hashOf(location, part)
        const { readRows, shape } = yield* opened(location, part.images, images)
        // A file that has changed since is told by its hash.
        if (shape[0] === count) yield* readRows(place)
        return { hash }
      }, Effect.scoped)
    }
    return source
  })
  return UserDataset.make({
    spec: {
      _tag: tag,
      file,
      ...(array !== undefined && { array }),
      ...(test !== undefined && { test }),
      ...(labelling !== undefined && { labels: labelling.labels }),
      ...(labelling?.testLabels !== undefined && { testLabels: labelling.testLabels })
    },
    options,
    channels,
    path: file,
    pathOption: "file",
    largestSide: 65_536,
    classes: labelling?.classes,
    isDivided: test !== undefined,
    problem:
      format.problem ??
      (labelling !== undefined && (test === undefined) !== (labelling.testLabels === undefined)
        ? "test and testLabels must be given together"
        : undefined),
    hash: (location) => Effect.forEach(parts, (part) => hashOf(location, part)),
    open: Effect.fnUntraced(function* (location) {
      const first = yield* sourceOf(location, parts[0]!)
      return parts[1] === undefined ? [first] : [first, yield* sourceOf(location, parts[1])]
    })
  })
}
