/**
 * Images in parquet files as Hugging Face's datasets have them: a column of encoded images (PNG, JPEG or WebP bytes, alone or
 * as `{ bytes, path }`), and a column of labels for `labelled`, integers or the names of classes.
 *
 * Files are read row group by row group. The digest names the files' bytes, what is made of them, the version of the library
 * that decodes the images, and the split.
 *
 * Source: https://huggingface.co/docs/datasets/about_dataset_features
 */
import { Effect, FileSystem, Layer, Option, Path, Predicate, Result, Schema } from "effect"
import { Dataset, Labels } from "../Dataset.ts"
import * as ClassLabels from "./ClassLabels.ts"
import { classesOf, type Detect } from "./Detected.ts"
import { commonShape, complaint, concurrency, type DecodedImage, decodeTo } from "./EncodedImages.ts"
import { decoder, type Resize } from "./ImageFile.ts"
import * as ParquetFile from "./ParquetFile.ts"
import * as UserDataset from "./UserDataset.ts"
import * as UserPath from "./UserPath.ts"

export interface ParquetImagesOptions extends UserDataset.UserDatasetOptions {
  /** An absolute path, or one relative to the data directory or else to the working directory. */
  readonly folder: string
  /** The files in the folder, such as `data/train-*.parquet`: `*` stands for any part of a file's name. In order of names. */
  readonly files: string
  /** The files with the test images, so that nothing is divided: `data/test-*.parquet`. */
  readonly test?: string
  /** The column of images; default: `image`. */
  readonly imageColumn?: string
  /** 1 converts every image to grey, 3 to RGB; default: 3. */
  readonly channels?: 1 | 3
  /** How to resize an image of another size: `crop` its centre or `stretch` it; default: an error. */
  readonly resize?: Resize
}

export interface LabelledOptions extends ParquetImagesOptions {
  /** The column of labels; default: `label`. */
  readonly labelColumn?: string
  /** Names of the classes, at most 256. The index is the label. */
  readonly classes: ReadonlyArray<string>
}

/** The bytes of an encoded image; undefined where a value has none. */
const bytesOf = (value: unknown): Uint8Array | undefined =>
  value instanceof Uint8Array
    ? value
    : Predicate.hasProperty(value, "bytes") && value.bytes instanceof Uint8Array
      ? value.bytes
      : undefined

/** Paths of the files of a folder that a pattern names, in order. */
const matching = Effect.fnUntraced(function* (folder: string, pattern: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const parent = path.resolve(folder, path.dirname(pattern))
  const escaped = path
    .basename(pattern)
    .split("*")
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"))
  const name = new RegExp(`^${escaped.join(".*")}$`)
  const found = (yield* fs.readDirectory(parent)).filter((entry) => name.test(entry)).toSorted()
  if (found.length > 0) return found.map((entry) => path.join(parent, entry))
  return yield* new ParquetFile.ParquetError({ path: folder, reason: `no file matches ${pattern}` })
})

const make = (
  options: ParquetImagesOptions,
  labelling?: { readonly column: string; readonly classes: ReadonlyArray<string> }
): Dataset["Service"] => {
  const { channels = 3, files, folder, height, imageColumn = "image", resize, test, width } = options
  const shape = { height, width, channels }
  const columns = [imageColumn, ...(labelling === undefined ? [] : [labelling.column])]
  const patterns = [files, ...(test === undefined ? [] : [test])]
  const hashOf = Effect.fnUntraced(function* (paths: ReadonlyArray<string>) {
    return {
      files: yield* Effect.forEach(paths, UserPath.hash),
      columns,
      classes: labelling?.classes ?? null,
      shape: [height, width, channels],
      resize: resize ?? null,
      decoder: yield* decoder
    }
  })
  const opened = Effect.fnUntraced(function* (path: string) {
    const file = yield* ParquetFile.open(path)
    const missing = columns.filter((column) => !file.columns.includes(column))
    if (missing.length === 0) return file
    const reason = `expected the columns ${columns.join(" and ")}, found ${file.columns.join(", ")}`
    return yield* new ParquetFile.ParquetError({ path, reason })
  })
  const labelsOf = Effect.fnUntraced(function* (
    file: ParquetFile.ParquetFile,
    column: string,
    classes: ReadonlyArray<string>
  ) {
    const labels = ClassLabels.indicesOf(yield* file.read(column, 0, file.count), classes)
    if (Result.isSuccess(labels)) return labels.success
    const { expected, found, row } = labels.failure
    const reason = `row ${row}, column ${column}: expected ${expected}; found ${found}`
    return yield* new ParquetFile.ParquetError({ path: file.path, reason })
  })
  const readInto = Effect.fnUntraced(function* (
    { groups, path, read }: ParquetFile.ParquetFile,
    place: (row: number) => Uint8Array
  ) {
    const decoded: Array<DecodedImage> = []
    for (const { end, start } of groups) {
      const values = yield* read(imageColumn, start, end)
      const group = yield* Effect.forEach(
        values,
        Effect.fnUntraced(function* (value, index) {
          const row = start + index
          const bytes = bytesOf(value)
          if (bytes !== undefined) return yield* decodeTo(`${path} row ${row}`, bytes, shape, resize, place(row))
          const reason = `row ${row}, column ${imageColumn}: expected the bytes of an image, found ${
            value === null || value === undefined ? "nothing" : "something else"
          }`
          return yield* new ParquetFile.ParquetError({ path, reason })
        }),
        { concurrency }
      )
      for (const image of group) decoded.push(image)
    }
    return decoded
  })
  const sourceOf = Effect.fnUntraced(function* (location: string, pattern: string) {
    const paths = yield* matching(location, pattern)
    const all = yield* Effect.forEach(paths, opened)
    const labels =
      labelling && (yield* Effect.forEach(all, (file) => labelsOf(file, labelling.column, labelling.classes)))
    const source: UserDataset.Source = {
      count: all.reduce((sum, { count }) => sum + count, 0),
      ...(labels !== undefined && { labels: new Uint8Array(Buffer.concat(labels)) }),
      read: Effect.fnUntraced(function* (place) {
        const hash = yield* hashOf(paths)
        const decoded: Array<DecodedImage> = []
        for (const file of all) {
          const before = decoded.length
          for (const image of yield* readInto(file, (row) => place(before + row))) decoded.push(image)
        }
        return { hash, problem: complaint(decoded, shape) }
      })
    }
    return source
  })
  return UserDataset.make({
    spec: {
      _tag: "ParquetImages",
      folder,
      files,
      columns,
      ...(test !== undefined && { test }),
      ...(resize !== undefined && { resize })
    },
    options,
    channels,
    path: folder,
    pathOption: "folder",
    classes: labelling?.classes,
    isDivided: test !== undefined,
    hash: (location) =>
      Effect.forEach(patterns, (pattern) => Effect.flatMap(matching(location, pattern), (paths) => hashOf(paths))),
    open: Effect.fnUntraced(function* (location) {
      const first = yield* sourceOf(location, files)
      return test === undefined ? [first] : [first, yield* sourceOf(location, test)]
    })
  })
}

/** Provides the images of parquet files, without labels. */
export const layer = (options: ParquetImagesOptions): Layer.Layer<Dataset> => Layer.sync(Dataset, () => make(options))

/** Provides the images of parquet files with their labels. */
export const labelled = ({ labelColumn = "label", ...options }: LabelledOptions): Layer.Layer<Dataset | Labels> =>
  Layer.merge(
    Layer.sync(Dataset, () => make(options, { column: labelColumn, classes: options.classes })),
    Layer.succeed(Labels, { classes: options.classes })
  )

/** Names of the classes in Hugging Face's description of the columns. */
const Features = Schema.fromJsonString(
  Schema.Struct({
    info: Schema.Struct({
      features: Schema.Record(Schema.String, Schema.Struct({ names: Schema.optionalKey(Schema.Array(Schema.String)) }))
    })
  })
)

/** `data/train-*.parquet` for `data/train-00000-of-00004.parquet`: the shards of one split. */
const patternOf = (name: string): string => name.replace(/-\d+-of-\d+(?=\.parquet$)/, "-*")

/** A parquet file with a column of images, or a folder of such files: shards named after the splits `train` and `test`. */
export const detect: Detect = Effect.fnUntraced(function* (given) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const isFolder = (yield* fs.stat(given)).type === "Directory"
  const folder = isFolder ? given : path.dirname(given)
  const names = isFolder ? (yield* fs.readDirectory(given, { recursive: true })).toSorted() : [path.basename(given)]
  const files = names.filter((name) => /\.parquet$/i.test(name))
  if (files.length === 0) return undefined
  const patterns = [...new Set(files.map(patternOf))]
  const train = patterns.find((name) => /train/i.test(name)) ?? patterns[0]!
  const test = patterns.find((name) => name !== train && /test/i.test(name))
  const shards = yield* Effect.forEach(yield* matching(folder, train), ParquetFile.open)
  const file = shards[0]!
  const rows = Math.min(1000, file.groups[0]?.end ?? 0)
  const heads = yield* Effect.forEach(file.columns, (column) => file.read(column, 0, rows))
  const place = heads.findIndex((values) => values.some((value) => bytesOf(value) !== undefined))
  const imageColumn = file.columns[place]
  if (imageColumn === undefined) {
    const reason = `no column has the bytes of images; columns: ${file.columns.join(", ")}`
    return yield* new ParquetFile.ParquetError({ path: file.path, reason })
  }
  const shape = yield* commonShape(
    heads[place]!.flatMap((value) => bytesOf(value) ?? []).map((bytes) => Effect.succeed(bytes))
  )
  if (shape === undefined) return undefined
  const options = {
    folder,
    files: train,
    ...(test !== undefined && { test }),
    ...shape,
    ...(imageColumn !== "image" && { imageColumn })
  }
  const notes = [`columns: ${file.columns.join(", ")}`, `files: ${files.join(", ")}`]
  const labelColumn = file.columns.find((column) => /^(label|class|category|target)/i.test(column))
  if (labelColumn === undefined) return { call: "ParquetImages.layer", options, notes, layer: layer(options) }
  const features = yield* Effect.option(Schema.decodeEffect(Features)(file.metadata.get("huggingface") ?? ""))
  const named = Option.getOrUndefined(features)?.info.features[labelColumn]?.names
  const values = named === undefined ? yield* Effect.forEach(shards, (one) => one.read(labelColumn, 0, one.count)) : []
  const classes = named ?? classesOf(values.flat())
  const all = { ...options, ...(labelColumn !== "label" && { labelColumn }), classes }
  return { call: "ParquetImages.labelled", options: all, notes, layer: labelled(all) }
})
