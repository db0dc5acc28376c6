/**
 * Images in IDX files of unsigned bytes, the format of MNIST, gzip-compressed or not: `[count, height, width]`, or
 * `[count, height, width, channels]`; labels `[count]`.
 *
 * The digest names the files' bytes and the split. MNIST's own files are `Mnist.layer()`, which knows their checksums.
 */
import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import { Effect, FileSystem, Layer } from "effect"
import { Dataset, Labels } from "../Dataset.ts"
import { sizeOf } from "../Tensors.ts"
import * as ArrayDataset from "./ArrayDataset.ts"
import * as ByteReader from "./ByteReader.ts"
import type { Detect } from "./Detected.ts"
import { isGzip } from "./Gzip.ts"
import * as UserPath from "./UserPath.ts"

export interface LabelledOptions extends ArrayDataset.ArrayOptions, ArrayDataset.ArrayLabels {}

const blockBytes = 2 ** 16

/** The content of a file from its start, decompressed where it begins as gzip does. */
const contentOf = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const { type } = yield* fs.stat(path)
  if (type !== "File") return yield* new UserPath.NoFileError({ path, found: type.toLowerCase() })
  const magic = new Uint8Array(2)
  yield* Effect.scoped(Effect.flatMap(fs.open(path, { flag: "r" }), (file) => ByteReader.ofFile(file).fill(magic)))
  const stream = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const file = createReadStream(path, { highWaterMark: blockBytes })
      const decompressor = isGzip(magic) ? createGunzip({ chunkSize: blockBytes }) : undefined
      file.once("error", (error) => decompressor?.destroy(error))
      return { file, content: decompressor === undefined ? file : file.pipe(decompressor) }
    }),
    ({ content, file }) =>
      Effect.sync(() => {
        content.destroy()
        file.destroy()
      })
  )
  return ByteReader.ofReadable(stream.content)
})

/** Opens an array until the scope closes. */
const open = Effect.fn("IdxArrays.open")(function* (path: string, wanted: ArrayDataset.Wanted) {
  const refuse = (expected: string, found: string) => new ArrayDataset.ArrayError({ array: path, expected, found })
  const reader = yield* contentOf(path)
  const start = new Uint8Array(4)
  const read = yield* reader.fill(start)
  if (read < 4 || start[0] !== 0 || start[1] !== 0 || start[2] !== 8) {
    const found = Array.from(start.subarray(0, read), (byte) => byte.toString(16).padStart(2, "0")).join(" ")
    return yield* refuse("an IDX file of unsigned bytes, which begins with 00 00 08", found || "nothing")
  }
  const sizes = new Uint8Array(4 * start[3]!)
  const filled = yield* reader.fill(sizes)
  if (filled < sizes.length) return yield* refuse(`the sizes of ${start[3]} axes`, `an end after ${4 + filled} bytes`)
  const view = new DataView(sizes.buffer)
  const shape = Array.from({ length: start[3]! }, (_, axis) => view.getUint32(4 * axis))
  const shown = `[${shape.join(", ")}]`
  if (!wanted.fits(shape)) return yield* refuse(wanted.shape, shown)
  const opened: ArrayDataset.OpenedArray = {
    shape,
    readRows: Effect.fnUntraced(function* (place) {
      const count = sizeOf(shape)
      const block = new Uint8Array(Math.min(blockBytes, count))
      for (let from = 0; from < count; from += block.length) {
        const values = block.subarray(0, count - from)
        const bytes = yield* reader.fill(values)
        if (bytes < values.length) {
          return yield* refuse(`${count} values of shape ${shown}`, `an end after ${from + bytes}`)
        }
        ArrayDataset.scatter(values, from, sizeOf(shape.slice(1)), place)
      }
      if ((yield* reader.fill(new Uint8Array(1))) > 0) return yield* refuse(`an end after ${count} values`, "more")
    })
  }
  return opened
})

const make = (options: ArrayDataset.ArrayOptions, labelling?: ArrayDataset.ArrayLabels): Dataset["Service"] =>
  ArrayDataset.make({ tag: "IdxArrays", options, labelling, open: (path, _, wanted) => open(path, wanted) })

/** Provides the images of a file. */
export const layer = (options: ArrayDataset.ArrayOptions): Layer.Layer<Dataset> =>
  Layer.sync(Dataset, () => make(options))

/** Provides the images of a file with the labels of another. */
export const labelled = (options: LabelledOptions): Layer.Layer<Dataset | Labels> =>
  Layer.merge(
    Layer.sync(Dataset, () => make(options, options)),
    Layer.succeed(Labels, { classes: options.classes })
  )

/** An IDX file of images, with the labels of the file beside it that is named accordingly. */
export const detect: Detect = ArrayDataset.detect({
  module: "IdxArrays",
  isFile: (file) => /idx\d?(-ubyte)?(\.gz)?$/.test(file),
  open,
  layer,
  labelled
})
