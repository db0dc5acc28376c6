/** Files that NumPy, pandas, pyarrow and Python wrote (`fixtures/make.py`): the same 26 images and labels in each format. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import type { Dataset, Labels } from "../../../src/core/Dataset.ts"
import * as CsvImages from "../../../src/core/datasets/CsvImages.ts"
import * as IdxArrays from "../../../src/core/datasets/IdxArrays.ts"
import * as ImageFolder from "../../../src/core/datasets/ImageFolder.ts"
import * as NumpyImages from "../../../src/core/datasets/NumpyImages.ts"
import * as ParquetImages from "../../../src/core/datasets/ParquetImages.ts"
import { DataMemory } from "../../../src/core/datasets/PreparedData.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { needs } from "../../machine/Capability.ts"
import { linux } from "../../machine/Linux.ts"
import { loadFrom } from "./OnlyOnDisk.ts"

const folder = fileURLToPath(new URL("fixtures", import.meta.url))
const scratch = mkdtempSync(`${tmpdir()}/user-formats-`)
afterAll(() => rmSync(scratch, { recursive: true }))

const size = { height: 6, width: 5 }
const classes = ["circle", "square, or so", 'the "third"']

/** The images that `make.py` draws, by its formula. */
const image = (index: number) =>
  Uint8Array.from({ length: 30 }, (_, pixel) => (pixel === 0 ? index * 7 : (index * 31 + 13 * pixel) % 256))
const images = (from: number, to: number) =>
  Uint8Array.from(Array.from({ length: to - from }, (_, at) => [...image(from + at)]).flat())
const labels = (from: number, to: number) => Uint8Array.from({ length: to - from }, (_, at) => (from + at) % 3)

/** Every format with its own test examples, as a dataset with labels. */
const divided: Readonly<Record<string, () => Layer.Layer<Dataset | Labels>>> = {
  "a stored .npz file": () =>
    NumpyImages.labelled({
      ...size,
      file: "stored.npz",
      array: "train_images",
      labels: "train_labels",
      test: "test_images",
      testLabels: "test_labels",
      classes
    }),
  "a deflated .npz file": () =>
    NumpyImages.labelled({
      ...size,
      file: "deflated.npz",
      array: "real",
      labels: "train_labels",
      test: "test_images",
      testLabels: "test_labels",
      classes
    }),
  "IDX files": () =>
    IdxArrays.labelled({
      ...size,
      file: "images.idx.gz",
      labels: "labels.idx",
      test: "test-images.idx",
      testLabels: "test-labels.idx",
      classes
    }),
  "CSV files": () => CsvImages.labelled({ ...size, channels: 1, file: "train.csv", test: "test.csv", classes }),
  "parquet files": () =>
    ParquetImages.labelled({
      ...size,
      channels: 1,
      folder: ".",
      files: "train-*.parquet",
      test: "test-*.parquet",
      classes
    })
}

/** Formats whose examples are divided. */
const undivided: Readonly<Record<string, () => Layer.Layer<Dataset>>> = {
  "a .npz file": () => NumpyImages.layer({ ...size, file: "stored.npz", array: "train_images" }),
  "an IDX file": () => IdxArrays.layer({ ...size, file: "images.idx" }),
  "a CSV file": () => CsvImages.layer({ ...size, channels: 1, file: "train.csv" }),
  ...Object.fromEntries(
    ["gzip", "zstd", "brotli"].map((codec) => [
      `a parquet file compressed by ${codec}`,
      () =>
        ParquetImages.layer({
          ...size,
          channels: 1,
          folder: ".",
          files: `bytes-${codec}.parquet`,
          imageColumn: "picture"
        })
    ])
  )
}

const directories = { dataDirectory: folder, cacheDirectory: undefined }
for (const [name, layer] of Object.entries(divided)) {
  datasetContract(name, layer, { train: 20, test: 6, classes: 3, directories, hashes: true })
}
for (const [name, layer] of Object.entries(undivided)) {
  datasetContract(`${name}, divided`, layer, { train: 16, test: 4, directories, hashes: true })
}

const load = (layer: Layer.Layer<Dataset>, from = folder) => loadFrom(from, layer)

const refused = (layer: Layer.Layer<Dataset>, texts: ReadonlyArray<string>, from = folder) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(load(layer, from))
    assert.strictEqual(error._tag, "DatasetError")
    for (const text of texts) assert.include(error.message, text)
  })

describe("every format", () => {
  it.live("gives the same images and labels, in the order of the file", () =>
    Effect.gen(function* () {
      for (const [name, layer] of Object.entries(divided)) {
        const { test, train } = yield* load(layer())
        assert.deepStrictEqual(train, { count: 20, images: images(0, 20), labels: labels(0, 20) }, name)
        assert.deepStrictEqual(test, { count: 6, images: images(20, 26), labels: labels(20, 26) }, name)
      }
    })
  )

  it.live("is split equally", () =>
    Effect.gen(function* () {
      const [first, ...others] = yield* Effect.forEach(Object.values(undivided), (layer) => load(layer()))
      for (const other of others) {
        assert.deepStrictEqual(other.train.images, first!.train.images)
        assert.deepStrictEqual(other.test.images, first!.test.images)
      }
      assert.deepStrictEqual(new Set([...first!.train.images, ...first!.test.images]), new Set(images(0, 20)))
    })
  )

  it.live("takes labels by name and by index", () =>
    Effect.gen(function* () {
      const options = { ...size, channels: 1, folder: ".", files: "train-*.parquet", heldOut: "last", classes } as const
      const byIndex = yield* load(ParquetImages.labelled(options))
      const byName = yield* load(ParquetImages.labelled({ ...options, labelColumn: "name" }))
      assert.deepStrictEqual(byIndex.train.labels, labels(0, 16))
      assert.deepStrictEqual(byName.train.labels, labels(0, 16))
    })
  )

  it.live("is another dataset for another byte, option or split", () =>
    Effect.gen(function* () {
      const formats = [...Object.values(divided), ...Object.values(undivided)]
      const digests = yield* Effect.forEach(formats, (layer) => load(layer()))
      assert.lengthOf(new Set(digests.map(({ located }) => located.digest)), formats.length)
      assert.lengthOf(new Set(digests.map(({ spec }) => JSON.stringify(spec))), formats.length)
      cpSync(folder, `${scratch}/changed`, { recursive: true })
      for (const file of ["pictures/03.png", "images.idx", "train-00001-of-00002.parquet"]) {
        const bytes = readFileSync(`${folder}/${file}`)
        const place = file.endsWith("idx") ? 600 : bytes.length - 5
        bytes[place]! ^= 1
        writeFileSync(`${scratch}/changed/${file}`, bytes)
      }
      const before = yield* load(undivided["an IDX file"]!())
      const after = yield* load(undivided["an IDX file"]!(), `${scratch}/changed`)
      assert.notStrictEqual(after.located.digest, before.located.digest)
    })
  )

  it.live(
    "decodes once to the same bytes if it does not fit into memory",
    () =>
      Effect.gen(function* () {
        const cacheDirectory = `${scratch}/cache`
        for (const layer of [...Object.values(divided), ...Object.values(undivided)]) {
          const { test, train } = yield* load(layer())
          const again = loadFrom(folder, layer(), cacheDirectory).pipe(Effect.provideService(DataMemory, { bytes: 0 }))
          for (const mapped of [yield* again, yield* again]) {
            assert.deepStrictEqual(mapped.train, train)
            assert.deepStrictEqual(mapped.test, test)
          }
        }
      }),
    needs(linux)
  )
})

describe("an archive of arrays", () => {
  const npz = (options: Partial<NumpyImages.NumpyImagesOptions>) =>
    NumpyImages.layer({ ...size, file: "stored.npz", ...options })

  it.live("names its faults", () =>
    Effect.gen(function* () {
      yield* refused(npz({}), ["array must name the array of stored.npz", "found nothing"])
      yield* refused(npz({ array: "x" }), [
        `stored.npz: expected an array "x"`,
        "train_images, train_labels, test_images, test_labels"
      ])
      yield* refused(npz({ file: "images.idx", array: "x" }), ['array is for .npz files, found "x" with images.idx'])
      yield* refused(npz({ array: "train_labels" }), ["array train_labels: expected an array [count, 6, 5]", "[20, 1]"])
      yield* refused(npz({ file: "pickled.npz", array: "images" }), ["array images", "|O (pickled objects)"])
      yield* refused(
        NumpyImages.labelled({
          ...size,
          file: "stored.npz",
          array: "train_images",
          labels: "train_labels",
          test: "test_images",
          classes
        }),
        ["test and testLabels must be given together"]
      )
    })
  )

  it.live("is refused if it is truncated, damaged or not an archive", () =>
    Effect.gen(function* () {
      for (const file of ["stored.npz", "deflated.npz"]) {
        const bytes = readFileSync(`${folder}/${file}`)
        writeFileSync(`${scratch}/cut.npz`, bytes.subarray(0, bytes.length - 40))
        yield* refused(npz({ file: "cut.npz", array: "train_images" }), ["cut.npz", "no readable zip archive"], scratch)
      }
      const stored = readFileSync(`${folder}/stored.npz`)
      stored[300]! ^= 1
      writeFileSync(`${scratch}/flipped.npz`, stored)
      yield* refused(npz({ file: "flipped.npz", array: "train_images" }), ["the CRC-32 of an array is wrong"], scratch)
      const bytes = readFileSync(`${folder}/deflated.npz`)
      bytes.fill(0xff, 100, 160)
      writeFileSync(`${scratch}/damaged.npz`, bytes)
      const error = yield* Effect.flip(load(npz({ file: "damaged.npz", array: "train_images" }), scratch))
      assert.strictEqual(error._tag, "DatasetError")
      writeFileSync(`${scratch}/text.npz`, "no archive")
      yield* refused(npz({ file: "text.npz", array: "x" }), ["text.npz: expected a .npz file"], scratch)
    })
  )
})

describe("IDX files", () => {
  it.live("are refused if they have another shape, are truncated or have trailing bytes", () =>
    Effect.gen(function* () {
      yield* refused(IdxArrays.layer({ ...size, height: 5, file: "images.idx" }), ["[count, 5, 5]", "[20, 6, 5]"])
      yield* refused(IdxArrays.layer({ ...size, file: "stored.npz" }), ["begins with 00 00 08", "50 4b 03 04"])
      const bytes = readFileSync(`${folder}/images.idx`)
      const layer = IdxArrays.layer({ ...size, file: "wrong.idx" })
      for (const [content, text] of [
        [bytes.subarray(0, bytes.length - 1), "600 values of shape [20, 6, 5], found an end after 599"],
        [Buffer.concat([bytes, Buffer.of(0)]), "an end after 600 values, found more"],
        [bytes.subarray(0, 9), "the sizes of 3 axes, found an end after 9 bytes"],
        [readFileSync(`${folder}/images.idx.gz`).subarray(0, 200), "unexpected end of file"]
      ] as const) {
        writeFileSync(`${scratch}/wrong.idx`, content)
        yield* refused(layer, [text], scratch)
      }
      yield* refused(IdxArrays.labelled({ ...size, file: "images.idx", labels: "labels.idx", classes: ["a", "b"] }), [
        "labels from 0 to 1, because there are 2 classes",
        "found 2 at [2]"
      ])
      yield* refused(IdxArrays.labelled({ ...size, file: "images.idx", labels: "test-labels.idx", classes }), [
        "test-labels.idx: expected an array [20]",
        "found [6]"
      ])
    })
  )
})

describe("CSV files", () => {
  const csv = (text: string) => {
    cpSync(`${folder}/pictures`, `${scratch}/pictures`, { recursive: true })
    writeFileSync(`${scratch}/list.csv`, text)
    return { ...size, channels: 1, file: "list.csv", testFraction: 0.5 } as const
  }

  it.live("may have a byte order mark, Windows line ends, blank lines and more columns", () =>
    Effect.gen(function* () {
      const options = csv('\uFEFFpath,more\r\n"pictures/01.png","a\r\nb"\r\n\r\npictures/00.png,\r\n')
      const { test, train } = yield* load(CsvImages.layer({ ...options, heldOut: "last" }), scratch)
      assert.deepStrictEqual([train.images, test.images], [image(1), image(0)])
    })
  )

  it.live("are refused by line, with what is allowed", () =>
    Effect.gen(function* () {
      const labelled = (text: string) => CsvImages.labelled({ ...csv(text), classes: ["cat", "dog"] })
      const row = (label: string) => `pictures/00.png,${label}\n`
      yield* refused(
        labelled(`path,kind\n${row("cat")}`),
        ["the columns path and label, found the columns path, kind"],
        scratch
      )
      yield* refused(labelled(""), ["expected the columns path and label, found no rows"], scratch)
      yield* refused(
        labelled(`path,label\n${row("cat")}${row("cow")}`),
        ["line 3, column label: expected one of the classes cat, dog", '"cow"'],
        scratch
      )
      yield* refused(labelled(`path,label\n${row("")}`), ["line 2", "found no label"], scratch)
      yield* refused(labelled(`path,label\n${row("2")}`), ["an index below 2", '"2"'], scratch)
      yield* refused(labelled(`path,label\n,cat\n`), ["line 2: expected a path, found nothing"], scratch)
      yield* refused(labelled(`path,label\n${row("cat,more")}`), ["expected a CSV file", "line 2"], scratch)
      yield* refused(labelled(`path,label\nnowhere.png,cat\n${row("dog")}`), ["nowhere.png"], scratch)
      writeFileSync(`${scratch}/pictures/broken.png`, readFileSync(`${folder}/pictures/00.png`).subarray(0, 60))
      yield* refused(
        labelled(`path,label\npictures/broken.png,cat\n${row("dog")}`),
        ["1 of 2 files cannot be read as images: pictures/broken.png"],
        scratch
      )
      yield* refused(
        CsvImages.layer({ ...csv(`path\npictures/00.png\npictures/01.png\n`), height: 7 }),
        ["expected images of 7x5 pixels", "found 2 of 2 of another size: pictures/00.png (6x5)"],
        scratch
      )
    })
  )
})

describe("parquet files", () => {
  const options = { ...size, channels: 1, folder: ".", files: "train-*.parquet" } as const

  it.live("are refused by row and column, with what is allowed", () =>
    Effect.gen(function* () {
      yield* refused(ParquetImages.layer({ ...options, files: "none-*.parquet" }), ["no file matches none-*.parquet"])
      yield* refused(ParquetImages.layer({ ...options, imageColumn: "picture" }), [
        "expected the columns picture, found image, label, name"
      ])
      yield* refused(ParquetImages.layer({ ...options, imageColumn: "name" }), [
        "row 0, column name: expected the bytes of an image, found something else"
      ])
      yield* refused(ParquetImages.labelled({ ...options, classes: ["a", "b"] }), [
        'row 2, column label: expected one of the classes a, b, or an index below 2; found "2"'
      ])
      yield* refused(ParquetImages.layer({ ...options, width: 6 }), ["found 20 of 20 of another size"])
      for (const [name, change] of [
        ["cut", (bytes: Buffer) => bytes.subarray(0, bytes.length - 9)],
        ["text", () => Buffer.from("no parquet at all")],
        ["empty", () => Buffer.alloc(0)]
      ] as const) {
        writeFileSync(`${scratch}/${name}.parquet`, change(readFileSync(`${folder}/test-00000-of-00001.parquet`)))
        yield* refused(
          ParquetImages.layer({ ...options, files: `${name}.parquet` }),
          [`${name}.parquet`, "its footer cannot be read"],
          scratch
        )
      }
    })
  )
})

describe("a folder of classes", () => {
  it.live(
    "decodes to the same bytes if it does not fit into memory",
    () =>
      Effect.gen(function* () {
        const layer = ImageFolder.layer({ ...size, channels: 1, folder: "pictures" })
        const { test, train } = yield* load(layer)
        const mapped = yield* loadFrom(folder, layer, `${scratch}/cache`).pipe(
          Effect.provideService(DataMemory, { bytes: 100 })
        )
        assert.deepStrictEqual([mapped.train, mapped.test], [train, test])
      }),
    needs(linux)
  )
})
