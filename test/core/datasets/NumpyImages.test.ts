import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { Dataset, type Labels } from "../../../src/core/Dataset.ts"
import * as NumpyImages from "../../../src/core/datasets/NumpyImages.ts"
import * as Split from "../../../src/core/datasets/Split.ts"
import { bits } from "../../../src/core/Random.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { headerOf, npyBytes } from "./NumpyFiles.ts"
import { loadFrom } from "./OnlyOnDisk.ts"

const folder = mkdtempSync(`${tmpdir()}/numpy-images-`)
afterAll(() => rmSync(folder, { recursive: true }))

const count = 30

/** Image `i` begins with the byte `i`. */
const grey = Uint8Array.from(bits({ seed: 1, stream: "test/numpy", step: 0 }, count * 12), (word, index) =>
  index % 12 === 0 ? index / 12 : word & 255
)
const labels = Uint8Array.from({ length: count }, (_, index) => index % 3)

const write = (name: string, descr: string, shape: ReadonlyArray<number>, values: ArrayBufferView) =>
  writeFileSync(`${folder}/${name}`, npyBytes(headerOf(descr, shape), values))

mkdirSync(`${folder}/faces`)
write("faces/grey.npy", "|u1", [count, 3, 4], grey)
write(
  "faces/real.npy",
  "<f4",
  [count, 3, 4, 1],
  Float32Array.from(grey, (value) => value / 255)
)
write("faces/colour.npy", "|u1", [count / 3, 3, 4, 3], grey)
write("faces/labels.npy", "<i8", [count], BigInt64Array.from(labels, BigInt))

const directories = { dataDirectory: folder, cacheDirectory: undefined }
const size = { height: 3, width: 4 }
const options = { ...size, file: "faces/grey.npy" }
const labelling = { labels: "labels.npy", classes: ["a", "b", "c"] }

datasetContract("grey images in a .npy file", () => NumpyImages.layer(options), {
  train: 24,
  test: 6,
  directories,
  hashes: true
})

datasetContract(
  "colour images in a .npy file, the last held out",
  () =>
    NumpyImages.layer({ ...size, file: `${folder}/faces/colour.npy`, channels: 3, testFraction: 0.3, heldOut: "last" }),
  { train: 7, test: 3, hashes: true }
)

datasetContract("labelled images in .npy files", () => NumpyImages.labelled({ ...options, ...labelling }), {
  train: 24,
  test: 6,
  classes: 3,
  directories,
  hashes: true
})

const load = (layer: Layer.Layer<Dataset>) => loadFrom(folder, layer)

const refused = (layer: Layer.Layer<Dataset>, ...texts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(load(layer))
    assert.strictEqual(error._tag, "DatasetError")
    for (const text of texts) assert.include(error.message, text)
  })

describe("NumpyImages", () => {
  it.live("returns the array's images, in order if the last are held out", () =>
    Effect.gen(function* () {
      for (const file of ["faces/grey.npy", "faces/real.npy"]) {
        const { test, train } = yield* load(NumpyImages.layer({ ...size, file, heldOut: "last" }))
        assert.deepStrictEqual(train.images, grey.subarray(0, 24 * 12))
        assert.deepStrictEqual(test.images, grey.subarray(24 * 12))
      }
    })
  )

  it.live("keeps labels with their images, and stratifies by class", () =>
    Effect.gen(function* () {
      const { test, train } = yield* load(NumpyImages.labelled({ ...options, ...labelling, testFraction: 0.3 }))
      for (const [part, each] of [
        [train, 7],
        [test, 3]
      ] as const) {
        for (let index = 0; index < part.count; index++) {
          assert.strictEqual(part.labels?.[index], part.images[index * 12]! % 3)
        }
        for (const label of [0, 1, 2])
          assert.lengthOf(
            part.labels!.filter((one) => one === label),
            each
          )
      }
      assert.deepStrictEqual(Split.join({ train, test }).images.toSorted(), grey.toSorted())
    })
  )

  it.live("searches the data directory, then the working directory, and reports where the file is missing", () =>
    Effect.gen(function* () {
      const within = yield* load(NumpyImages.layer(options))
      assert.strictEqual(within.located.source, "data directory")
      assert.strictEqual(within.located.location, `${folder}/faces/grey.npy`)
      const absolute = yield* loadFrom(undefined, NumpyImages.layer({ ...size, file: `${folder}/faces/grey.npy` }))
      assert.strictEqual(absolute.located.source, "path")
      assert.strictEqual(absolute.located.digest, within.located.digest)
      const file = "faces/none.npy"
      yield* refused(
        NumpyImages.layer({ ...size, file }),
        `${process.cwd()}/${file} does not exist`,
        folder,
        "--data-dir"
      )
      yield* refused(NumpyImages.layer({ ...size, file: "/none.npy" }), "/none.npy does not exist")
      yield* refused(NumpyImages.labelled({ ...options, ...labelling, labels: "none.npy" }), `${folder}/faces/none.npy`)
    })
  )

  it.live("refuses folders and devices before reading them", () =>
    Effect.gen(function* () {
      yield* refused(NumpyImages.layer({ ...size, file: "faces" }), `${folder}/faces: expected a file, found directory`)
      yield* refused(NumpyImages.layer({ ...size, file: "/dev/zero" }), "/dev/zero: expected a file, found")
    })
  )

  it.live("has a digest for each content and split, and a spec for each option", () =>
    Effect.gen(function* () {
      const loaded = yield* Effect.forEach(
        [
          NumpyImages.layer(options),
          NumpyImages.layer({ ...options, file: "faces/real.npy" }),
          NumpyImages.layer({ ...options, seed: 1 }),
          NumpyImages.layer({ ...options, testFraction: 0.5 }),
          NumpyImages.layer({ ...options, heldOut: "last" }),
          NumpyImages.labelled({ ...options, ...labelling })
        ],
        load
      )
      assert.lengthOf(new Set(loaded.map(({ located }) => located.digest)), loaded.length)
      assert.lengthOf(new Set(loaded.map(({ spec }) => JSON.stringify(spec))), loaded.length)
    })
  )

  it.live("refuses a file that has changed since it was located", () =>
    Effect.gen(function* () {
      write("changing.npy", "|u1", [count, 3, 4], grey)
      const layer = NumpyImages.layer({ ...size, file: "changing.npy" })
      const { located } = yield* load(layer)
      write("changing.npy", "|u1", [count, 3, 4], grey.with(5, grey[5]! ^ 1))
      const error = yield* Effect.flip(Dataset.use((dataset) => dataset.load(located)))
      assert.include(error.message, `no data has the digest ${located.digest}`)
    }).pipe(
      Effect.provide(NumpyImages.layer({ ...size, file: "changing.npy" }), { local: true }),
      Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici])
    )
  )

  it.live("names mismatches of size, channels, labels and values", () =>
    Effect.gen(function* () {
      const at = (file: string) => `${folder}/faces/${file}: expected`
      yield* refused(
        NumpyImages.layer({ ...options, height: 4, width: 3 }),
        `${at("grey.npy")} an array [count, 4, 3] or [count, 4, 3, 1], found [30, 3, 4]`
      )
      yield* refused(
        NumpyImages.layer({ ...options, channels: 3 }),
        `${at("grey.npy")} an array [count, 3, 4, 3], found [30, 3, 4]`
      )
      yield* refused(NumpyImages.layer({ ...size, file: "faces/labels.npy" }), at("labels.npy"), "float64, found int64")
      yield* refused(
        NumpyImages.labelled({ ...options, ...labelling, classes: ["a", "b"] }),
        `${at("labels.npy")} labels from 0 to 1`,
        "found 2 at [2]"
      )
      yield* refused(
        NumpyImages.labelled({ ...labelling, ...size, channels: 3, file: "faces/colour.npy" }),
        `${at("labels.npy")} an array [10]`,
        "found [30]"
      )
      write("wrong.npy", "<f4", [2, 3, 4], new Float32Array(24).fill(1).with(17, 1.5))
      const wrong = NumpyImages.layer({ ...size, file: "wrong.npy", testFraction: 0.5 })
      yield* refused(wrong, "numbers from 0 to 1", "1.5 at [1, 1, 1]")
      write("one.npy", "|u1", [1, 3, 4], grey.subarray(0, 12))
      yield* refused(NumpyImages.layer({ ...size, file: "one.npy" }), "0 of 1 images")
      write("none.npy", "|u1", [0, 3, 4], new Uint8Array(0))
      yield* refused(NumpyImages.layer({ ...size, file: "none.npy" }), "0 of 0 images")
    })
  )

  it.live("reports the invalid option", () =>
    Effect.gen(function* () {
      for (const [wrong, text] of [
        [{ height: 0 }, "height must be an integer from 1 to 65536, found 0"],
        [{ width: 1.5 }, "width must be an integer"],
        [{ file: "" }, "file must be"],
        [{ testFraction: 1 }, "found 1"],
        [{ seed: -1 }, "found -1"]
      ] as const) {
        yield* refused(NumpyImages.layer({ ...options, ...wrong }), text)
      }
      yield* refused(
        NumpyImages.labelled({ ...options, ...labelling, classes: [] }),
        "1 to 256 different names, found 0"
      )
    })
  )

  it("provides labels in its type only if given", () => {
    const labelled: Layer.Layer<Labels> = NumpyImages.labelled({ ...options, ...labelling })
    // @ts-expect-error the plain layer does not provide Labels
    const plain: Layer.Layer<Labels> = NumpyImages.layer(options)
    assert.notStrictEqual(labelled, plain)
  })

  it.live("is named after its file by default", () =>
    Effect.gen(function* () {
      const wrong = { ...options, height: 5 }
      yield* refused(NumpyImages.layer(wrong), "grey.npy: ")
      yield* refused(NumpyImages.layer({ ...wrong, name: "my faces" }), "my faces: ")
    })
  )
})
