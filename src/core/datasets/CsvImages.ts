/**
 * Images named by a CSV file: one row per image, a column of paths, and a column of labels for `labelled`.
 *
 *     path,label
 *     images/0001.png,cat
 *
 * The first row has the columns' names; paths are relative to the folder of the CSV file. A label is the name of a
 * class or, where no class has that name, its index. The digest names the CSV file, the images' bytes, what is made of
 * them, the version of the library that decodes them, and the split.
 *
 * Source: RFC 4180, https://www.rfc-editor.org/rfc/rfc4180
 */
import { Effect, FileSystem, Layer, Path, Result, Schema } from "effect"
import { Dataset, Labels } from "../Dataset.ts"
import * as ClassLabels from "./ClassLabels.ts"
import { classesOf, type Detect } from "./Detected.ts"
import { commonShape, complaint, concurrency, decodeFileTo } from "./EncodedImages.ts"
import { decoder, type Resize } from "./ImageFile.ts"
import { some } from "./ImageListing.ts"
import * as UserDataset from "./UserDataset.ts"
import * as UserPath from "./UserPath.ts"

export interface CsvImagesOptions extends UserDataset.UserDatasetOptions {
  /** The CSV file: an absolute path, or one relative to the data directory or else to the working directory. */
  readonly file: string
  /** Another CSV file with the test images, so that nothing is divided; may be relative to the folder of `file`. */
  readonly test?: string
  /** The column of paths; default: `path`. */
  readonly pathColumn?: string
  /** 1 converts every image to grey, 3 to RGB; default: 3. */
  readonly channels?: 1 | 3
  /** How to resize an image of another size: `crop` its centre or `stretch` it; default: an error. */
  readonly resize?: Resize
}

export interface LabelledOptions extends CsvImagesOptions {
  /** The column of labels; default: `label`. */
  readonly labelColumn?: string
  /** Names of the classes, at most 256. The index is the label. */
  readonly classes: ReadonlyArray<string>
}

/** A CSV file is not the expected table. */
export class CsvError extends Schema.TaggedError<CsvError>()("CsvError", {
  path: Schema.String,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.path}: ${this.reason}`
  }
}

/** The rows of a CSV file by the names of its columns, with the line that each begins in. */
export const rows = Effect.fn("CsvImages.rows")(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const { type } = yield* fs.stat(path)
  if (type !== "File") return yield* new UserPath.NoFileError({ path, found: type.toLowerCase() })
  const bytes = yield* fs.readFile(path)
  return yield* Effect.tryPromise({
    try: async () => {
      const { parse } = await import("csv-parse/sync")
      const options = { bom: true, columns: true, info: true, skip_empty_lines: true, trim: true } as const
      return parse(Buffer.from(bytes), options) as unknown as ReadonlyArray<{
        readonly record: Readonly<Record<string, string>>
        readonly info: { readonly lines: number }
      }>
    },
    catch: (cause) => {
      const reason = `expected a CSV file with one row per image: ${cause instanceof Error ? cause.message : cause}`
      return new CsvError({ path, reason, cause })
    }
  })
})

interface Table {
  readonly images: ReadonlyArray<{ readonly name: string; readonly path: string }>
  readonly labels?: Uint8Array
}

const make = (
  options: CsvImagesOptions,
  labelling?: { readonly column: string; readonly classes: ReadonlyArray<string> }
): Dataset["Service"] => {
  const { channels = 3, file, height, pathColumn = "path", resize, test, width } = options
  const shape = { height, width, channels }
  const columns = [pathColumn, ...(labelling === undefined ? [] : [labelling.column])]
  const tableOf = Effect.fnUntraced(function* (csv: string) {
    const path = yield* Path.Path
    const fail = (reason: string) => new CsvError({ path: csv, reason })
    const found = yield* rows(csv)
    const present = Object.keys(found[0]?.record ?? {})
    const missing = columns.filter((column) => !present.includes(column))
    if (missing.length > 0) {
      const what = found.length === 0 ? "no rows" : `the columns ${some(present)}`
      return yield* fail(`expected the columns ${columns.join(" and ")}, found ${what}`)
    }
    const empty = found.find(({ record }) => record[pathColumn] === "")
    if (empty !== undefined) return yield* fail(`line ${empty.info.lines}: expected a path, found nothing`)
    const images = found.map(({ record }) => {
      const name = record[pathColumn]!
      return { name, path: path.resolve(path.dirname(csv), name) }
    })
    if (labelling === undefined) return { images } satisfies Table as Table
    const labels = ClassLabels.indicesOf(
      found.map(({ record }) => record[labelling.column]),
      labelling.classes
    )
    if (Result.isSuccess(labels)) return { images, labels: labels.success } satisfies Table as Table
    const { expected, found: value, row } = labels.failure
    return yield* fail(
      `line ${found[row]!.info.lines}, column ${labelling.column}: expected ${expected}; found ${value}`
    )
  })
  /** The CSV files of the parts. */
  const files = Effect.fnUntraced(function* (location: string) {
    const path = yield* Path.Path
    return [location, ...(test === undefined ? [] : [path.resolve(path.dirname(location), test)])]
  })
  const hashOf = Effect.fnUntraced(function* (csv: string, images: ReadonlyArray<string>) {
    return {
      csv: yield* UserPath.hash(csv),
      images,
      columns,
      classes: labelling?.classes ?? null,
      shape: [height, width, channels],
      resize: resize ?? null,
      decoder: yield* decoder
    }
  })
  const sourceOf = Effect.fnUntraced(function* (csv: string) {
    const { images, labels } = yield* tableOf(csv)
    const source: UserDataset.Source = {
      count: images.length,
      ...(labels !== undefined && { labels }),
      read: Effect.fnUntraced(function* (place) {
        const decoded = yield* Effect.forEach(
          images,
          ({ name, path }, index) => decodeFileTo(name, path, shape, resize, place(index)),
          { concurrency }
        )
        const hashes = decoded.map(({ sha256 }) => sha256)
        return { hash: yield* hashOf(csv, hashes), problem: complaint(decoded, shape) }
      })
    }
    return source
  })
  return UserDataset.make({
    spec: {
      _tag: "CsvImages",
      file,
      columns,
      ...(test !== undefined && { test }),
      ...(resize !== undefined && { resize })
    },
    options,
    channels,
    path: file,
    pathOption: "file",
    classes: labelling?.classes,
    isDivided: test !== undefined,
    hash: Effect.fnUntraced(function* (location) {
      return yield* Effect.forEach(yield* files(location), (csv) =>
        Effect.gen(function* () {
          const { images } = yield* tableOf(csv)
          return yield* hashOf(csv, yield* Effect.forEach(images, ({ path }) => UserPath.hash(path), { concurrency }))
        })
      )
    }),
    open: Effect.fnUntraced(function* (location) {
      const [train, second] = yield* files(location)
      const first = yield* sourceOf(train!)
      return second === undefined ? [first] : [first, yield* sourceOf(second)]
    })
  })
}

/** Provides the images of a CSV file, without labels. */
export const layer = (options: CsvImagesOptions): Layer.Layer<Dataset> => Layer.sync(Dataset, () => make(options))

/** Provides the images of a CSV file with their labels. */
export const labelled = ({ labelColumn = "label", ...options }: LabelledOptions): Layer.Layer<Dataset | Labels> =>
  Layer.merge(
    Layer.sync(Dataset, () => make(options, { column: labelColumn, classes: options.classes })),
    Layer.succeed(Labels, { classes: options.classes })
  )

/** A CSV file with a column of paths that exist, and a column called label or the like. */
export const detect: Detect = Effect.fnUntraced(function* (file) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (!/\.csv$/i.test(file)) return undefined
  const records = (yield* rows(file)).map(({ record }) => record)
  const columns = Object.keys(records[0] ?? {})
  const pathOf = (name: string) => path.resolve(path.dirname(file), name)
  const existing = yield* Effect.filter(columns, (column) => {
    const name = records[0]![column]!
    return name === "" ? Effect.succeed(false) : fs.exists(pathOf(name))
  })
  const pathColumn = existing[0]
  if (pathColumn === undefined) {
    const reason = `no column has paths of files, relative to its folder; columns: ${columns.join(", ") || "none"}`
    return yield* new CsvError({ path: file, reason })
  }
  const shape = yield* commonShape(records.map((record) => fs.readFile(pathOf(record[pathColumn]!))))
  if (shape === undefined) return undefined
  const options = { file, ...shape, ...(pathColumn !== "path" && { pathColumn }) }
  const notes = [`columns: ${columns.join(", ")}`]
  const labelColumn = columns.find((column) => /^(label|class|category|target)/i.test(column))
  if (labelColumn === undefined) return { call: "CsvImages.layer", options, notes, layer: layer(options) }
  const classes = classesOf(records.map((record) => record[labelColumn]!).filter((label) => label !== ""))
  const all = { ...options, ...(labelColumn !== "label" && { labelColumn }), classes }
  return { call: "CsvImages.labelled", options: all, notes, layer: labelled(all) }
})
