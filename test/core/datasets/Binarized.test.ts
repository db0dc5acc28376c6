import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer } from "effect"
import { Dataset, type Examples } from "../../../src/core/Dataset.ts"
import { drawnAnew } from "../../../src/core/datasets/Binarized.ts"
import { Binarized, Split, Synthetic, ValidationSplit } from "../../../src/index.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { read } from "../../../src/testing/TensorProbe.ts"
import { platform } from "../../pipelines/Sandbox.ts"

const plain = Synthetic.layer({ train: 400, test: 300 })
const anew = Binarized.layer(plain)
const once = Binarized.layer(plain, { draw: "once" })

datasetContract("Binarized", () => anew, { train: 400, test: 300, classes: 4 })
datasetContract("Binarized once", () => once, { train: 400, test: 300, classes: 4 })

const loaded = (layer: Layer.Layer<Dataset>) =>
  Effect.gen(function* () {
    const dataset = yield* Dataset
    const located = yield* dataset.locate
    return { dataset, digest: located.digest, ...(yield* dataset.load(located)) }
  }).pipe(Effect.provide(layer), Effect.provide(platform))

const isBinary = ({ images }: Examples) => images.every((value) => value === 0 || value === 255)

/** Mean over the images whose pixel has this grey value, and how many there are. */
const meanWhere = (grey: Examples, drawn: Examples, value: number) => {
  const places = Array.from(grey.images.keys()).filter((place) => grey.images[place] === value)
  return { count: places.length, mean: places.reduce((sum, place) => sum + drawn.images[place]!, 0) / places.length }
}

describe("Binarized", () => {
  it.effect("draws test images once, each pixel with the probability of its grey value", () =>
    Effect.gen(function* () {
      const grey = (yield* loaded(plain)).test
      for (const { test } of [yield* loaded(anew), yield* loaded(once)]) {
        assert.isTrue(isBinary(test))
        assert.deepStrictEqual(test.labels, grey.labels)
        for (const value of new Set(grey.images)) {
          const { count, mean } = meanWhere(grey, test, value)
          const probability = value / 255
          // Five standard deviations of a mean of coins.
          const tolerance = 255 * 5 * Math.sqrt((probability * (1 - probability)) / count)
          assert.approximately(mean, value, tolerance + 1e-9)
        }
      }
    })
  )

  it.effect("keeps training images grey if they are drawn in each epoch, and binarises them if drawn once", () =>
    Effect.gen(function* () {
      const grey = (yield* loaded(plain)).train
      assert.deepStrictEqual((yield* loaded(anew)).train, grey)
      assert.isFalse(isBinary(grey))
      assert.isTrue(isBinary((yield* loaded(once)).train))
    })
  )

  it.effect("draws by its seed, and is another dataset for another seed", () =>
    Effect.gen(function* () {
      const first = yield* loaded(anew)
      const other = yield* loaded(Binarized.layer(plain, { seed: 1 }))
      assert.deepStrictEqual((yield* loaded(Binarized.layer(plain, { seed: 0 }))).test, first.test)
      assert.notDeepEqual(other.test.images, first.test.images)
      const digests = [first.digest, other.digest, (yield* loaded(once)).digest, (yield* loaded(plain)).digest]
      assert.strictEqual(new Set(digests).size, 4)
      assert.deepStrictEqual(first.dataset.spec["binarization"], { draw: "each-epoch", seed: 0 })
    })
  )

  it.effect("draws validation images once, from a dataset that has them", () =>
    Effect.gen(function* () {
      const { train, validation } = yield* loaded(Binarized.layer(ValidationSplit.layer(plain)))
      assert.isTrue(isBinary(validation!))
      assert.isFalse(isBinary(train))
    })
  )

  it.effect.each<readonly [string, Layer.Layer<Dataset>, RegExp]>([
    ["a wrong word", Binarized.layer(plain, { draw: "twice" as "once" }), /draw is "twice"; it must be one of/],
    ["a wrong seed", Binarized.layer(plain, { seed: -1 }), /seed must be an integer from 0 to \d+, found -1/],
    ["a validation split outside", ValidationSplit.layer(anew), /put Binarized\.layer outermost/],
    ["a split outside", Split.layer(anew, {}), /put Binarized\.layer outermost/]
  ])("refuses %s", ([, layer, reason]) =>
    Effect.gen(function* () {
      assert.match((yield* Effect.flip(loaded(layer))).message, reason)
    })
  )

  it.effect("differs from other seeds if drawn once", () =>
    Effect.gen(function* () {
      assert.isUndefined((yield* loaded(once)).dataset.augmentation)
      assert.isDefined((yield* loaded(anew)).dataset.augmentation)
    })
  )
})

describe("drawnAnew", () => {
  it("is 1 where the noise is below the grey value: never at 0, always at 1", () => {
    const { apply, noise } = drawnAnew({ height: 1, width: 4, channels: 1 })
    assert.deepStrictEqual(noise, { binarization: { distribution: "uniform", shape: [1, 4, 1] } })
    const { drawn } = read(() => ({
      drawn: apply(tf.tensor4d([0, 0.5, 0.5, 1], [1, 1, 4, 1]), {
        binarization: tf.tensor4d([0, 0.4999, 0.5, 1 - 2 ** -24], [1, 1, 4, 1])
      })
    }))
    assert.deepStrictEqual(Array.from(drawn.values), [0, 1, 0, 1])
  })
})
