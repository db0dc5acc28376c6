import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result, Schema } from "effect"
import { DataDirectories, Dataset, type Examples, Labels } from "../../../src/core/Dataset.ts"
import * as Mnist from "../../../src/core/datasets/Mnist.ts"
import * as Split from "../../../src/core/datasets/Split.ts"
import * as Synthetic from "../../../src/core/datasets/Synthetic.ts"
import { uniform } from "../../../src/core/Random.ts"
import { canonicalJson, sha256 } from "../../../src/core/Spec.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { needs } from "../../machine/Capability.ts"
import { realImages } from "../../machine/RealImages.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const cases = { seed: between(0, 2 ** 40), count: between(2, 400), percent: between(1, 99), classes: between(1, 20) }

/** Labels with classes of very different sizes. */
const labelsOf = (count: number, classes: number, seed: number) =>
  Uint8Array.from(uniform({ seed, stream: "test/split", step: 0 }, count), (value) =>
    Math.floor(value * value * classes)
  )

const countOf = (labels: Uint8Array, places: Int32Array, label: number) =>
  places.reduce((count, place) => count + (labels[place] === label ? 1 : 0), 0)

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Image `i` is the two bytes `i` and `i + 100`, its label `i % 3`. */
const examples: Examples = {
  count: 20,
  images: Uint8Array.from(range(20).flatMap((index) => [index, index + 100])),
  labels: Uint8Array.from(range(20), (index) => index % 3)
}

describe("Split", () => {
  it.prop("splits into disjoint, complete, stratified parts", cases, ({ classes, count, percent, seed }) => {
    const labels = labelsOf(count, classes, seed)
    const testFraction = percent / 100
    const held = Math.round(count * testFraction)
    for (const split of [Split.resolve({ testFraction, seed }), Split.resolve({ testFraction, heldOut: "last" })]) {
      const { test, train } = Split.parts(split, count, labels)
      assert.strictEqual(test.length, held)
      assert.strictEqual(train.length, count - held)
      assert.deepStrictEqual(
        [...train, ...test].toSorted((one, other) => one - other),
        range(count)
      )
      assert.deepStrictEqual(Split.parts(split, count, labels), { test, train })
      if (split._tag === "Last") continue
      for (const label of range(classes)) {
        const inTest = countOf(labels, test, label)
        const share = testFraction * (inTest + countOf(labels, train, label))
        assert.isBelow(Math.abs(inTest - share), 1 + 1e-9)
      }
    }
  })

  it("shuffles by the seed, and keeps the order if the last are held out", () => {
    const random = (seed: number) => Split.parts(Split.resolve({ testFraction: 0.25, seed }), 200)
    assert.notDeepEqual(random(1).test, random(2).test)
    assert.notDeepEqual(random(1).test, random(1).test.toSorted())
    assert.notDeepEqual(random(1).train, random(1).train.toSorted())
    const last = Split.parts(Split.resolve({ testFraction: 0.25, heldOut: "last", seed: 1 }), 8)
    assert.deepStrictEqual(last, { train: Int32Array.of(0, 1, 2, 3, 4, 5), test: Int32Array.of(6, 7) })
  })

  it("gives exactly these parts", () => {
    // by running this test: a change here would change what old digests mean
    const { test, train } = Split.parts(
      Split.resolve({ testFraction: 0.3 }),
      10,
      Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 1, 1, 1)
    )
    assert.deepStrictEqual([...test, ...train], [6, 3, 0, 7, 8, 1, 9, 2, 5, 4])
  })

  it("keeps images and labels together", () => {
    for (const heldOut of ["random", "last"] as const) {
      const { test, train } = Result.getOrThrow(Split.divide(examples, Split.resolve({ testFraction: 0.3, heldOut })))
      assert.strictEqual(test.count, 6)
      assert.strictEqual(train.count, 14)
      for (const part of [train, test]) {
        for (const index of range(part.count)) {
          const image = part.images[2 * index]!
          assert.strictEqual(part.images[2 * index + 1], image + 100)
          assert.strictEqual(part.labels?.[index], image % 3)
        }
      }
      const joined = Split.join({ train, test })
      assert.strictEqual(joined.count, 20)
      assert.deepStrictEqual(joined.images.toSorted(), examples.images.toSorted())
      if (heldOut === "last") assert.deepStrictEqual(joined, examples)
    }
  })

  it("reports invalid options", () => {
    for (const testFraction of [0, 1, -0.5, 1.5, Number.NaN]) {
      assert.include(Split.problemOf(Split.resolve({ testFraction })), `found ${testFraction}`)
    }
    for (const seed of [-1, 0.5, Number.NaN]) assert.include(Split.problemOf(Split.resolve({ seed })), `found ${seed}`)
    assert.isUndefined(Split.problemOf(Split.resolve({})))
    for (const testFraction of [0.01, 0.99]) {
      const result = Split.divide(examples, Split.resolve({ testFraction }))
      assert.include(Result.isFailure(result) ? result.failure : "", `testFraction ${testFraction}`)
    }
  })
})

const last = () => Split.layer(Synthetic.layer({ train: 50, test: 20 }), { testFraction: 0.3, heldOut: "last" })

datasetContract("a dataset divided anew in order", last, { train: 49, test: 21, classes: 4 })

datasetContract("a dataset divided anew at random", () => Split.layer(Synthetic.layer(), { testFraction: 0.5 }), {
  train: 160,
  test: 160,
  classes: 4
})

datasetContract(
  "a dataset without labels divided twice",
  () => Split.layer(Split.layer(Synthetic.layerUnlabelled(), {}), {}),
  {
    train: 256,
    test: 64
  }
)

describe("Split.layer", () => {
  const load = (layer: Layer.Layer<Dataset>) =>
    Effect.gen(function* () {
      const dataset = yield* Dataset
      const located = yield* dataset.locate
      return { ...(yield* dataset.load(located)), located, spec: canonicalJson(dataset.spec), name: dataset.name }
    }).pipe(Effect.provide(layer, { local: true }), Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici]))

  it.live("joins training and test examples and holds out the last of them", () =>
    Effect.gen(function* () {
      const whole = Split.join(yield* load(Synthetic.layer({ train: 50, test: 20 })))
      const { name, test, train } = yield* load(last())
      assert.deepStrictEqual(train.images, whole.images.slice(0, 49 * 64))
      assert.deepStrictEqual(test.images, whole.images.slice(49 * 64))
      assert.deepStrictEqual(test.labels, whole.labels?.slice(49))
      assert.strictEqual(name, "Synthetic")
    })
  )

  it.live("has a spec and a digest of its own for each split of each dataset", () =>
    Effect.gen(function* () {
      const loaded = yield* Effect.forEach(
        [
          Synthetic.layer(),
          Split.layer(Synthetic.layer(), {}),
          Split.layer(Synthetic.layer(), { seed: 1 }),
          Split.layer(Synthetic.layer(), { testFraction: 0.3 }),
          Split.layer(Synthetic.layer(), { heldOut: "last" }),
          Split.layer(Synthetic.layer({ seed: 1 }), {})
        ],
        load
      )
      for (const key of ["spec", "digest"] as const) {
        assert.strictEqual(
          new Set(loaded.map((one) => (key === "spec" ? one.spec : one.located.digest))).size,
          loaded.length
        )
      }
    })
  )

  it.live("loads what another instance of the same layer located", () =>
    Effect.gen(function* () {
      const { located, test } = yield* load(last())
      const other = yield* Effect.provide(Dataset, last(), { local: true })
      assert.strictEqual(sha256((yield* other.load(located)).test.images), sha256(test.images))
    }).pipe(Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici]))
  )

  it.live("reports invalid options when the dataset is located, and empty parts when it is loaded", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(load(Split.layer(Synthetic.layer(), { testFraction: 1 })))
      assert.include(error.message, "testFraction must be above 0 and below 1, found 1")
      const empty = yield* Effect.flip(load(Split.layer(Synthetic.layer(), { testFraction: 0.001 })))
      assert.include(empty.message, "0 of 320 images")
    })
  )

  it("provides exactly the dataset's services", () => {
    const labelled: Layer.Layer<Dataset | Labels> = Split.layer(Synthetic.layer(), {})
    // @ts-expect-error a dataset without labels has none after a split
    const unlabelled: Layer.Layer<Labels> = Split.layer(Synthetic.layerUnlabelled(), {})
    assert.notStrictEqual(labelled, unlabelled)
  })
})

const real = realImages("mnist")
const dataDirectory = real.value

describe("all 70,000 digits with the last 30 % held out", needs(real), () => {
  it.live("are the last 21,000", () =>
    Effect.gen(function* () {
      const whole = yield* Effect.provide(Dataset, Mnist.layer(), { local: true })
      const loaded = yield* Effect.flatMap(whole.locate, whole.load)
      const dataset = yield* Dataset
      const { test, train } = yield* Effect.flatMap(dataset.locate, dataset.load)
      assert.strictEqual(train.count, 49_000)
      assert.strictEqual(test.count, 21_000)
      assert.strictEqual(sha256(test.images.subarray(11_000 * 784)), sha256(loaded.test.images))
      assert.strictEqual(sha256(train.images), sha256(loaded.train.images.subarray(0, 49_000 * 784)))
    }).pipe(
      Effect.provide(Split.layer(Mnist.layer(), { testFraction: 0.3, heldOut: "last" }), { local: true }),
      Effect.provideService(DataDirectories, { dataDirectory, cacheDirectory: undefined }),
      Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici])
    )
  )
})
