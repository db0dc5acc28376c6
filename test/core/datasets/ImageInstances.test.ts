import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { DataDirectories, Dataset, Labels } from "../../../src/core/Dataset.ts"
import * as ImageInstances from "../../../src/core/datasets/ImageInstances.ts"
import * as Mnist from "../../../src/core/datasets/Mnist.ts"
import * as Synthetic from "../../../src/core/datasets/Synthetic.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { needs } from "../../machine/Capability.ts"
import { realImages } from "../../machine/RealImages.ts"

const platform = Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici])
const load = Effect.flatMap(Dataset, (dataset) => Effect.flatMap(dataset.locate, dataset.load))
const synthetic = () => Synthetic.layer({ train: 20, test: 5, classes: 3 })

datasetContract("exemplars", () => ImageInstances.layer(synthetic(), { count: 5, repeat: 4 }), {
  train: 20,
  test: 5,
  classes: 5
})

describe("ImageInstances.chosen", () => {
  const classes = ["cat", "dog", "owl"]

  it("selects the first of each class, then the second", () => {
    const labels = Uint8Array.of(2, 2, 0, 1, 0, 1, 2, 0)
    for (const [count, indices] of [
      [1, [2]],
      [3, [2, 3, 0]],
      [5, [2, 3, 0, 4, 5]],
      [6, [2, 3, 0, 4, 5, 1]]
    ] as const) {
      assert.deepStrictEqual(ImageInstances.firstOfEachClass(labels, classes, count), Result.succeed(indices))
    }
  })

  it("names the class with too few examples", () => {
    assert.deepStrictEqual(
      ImageInstances.firstOfEachClass(Uint8Array.of(0, 0, 1, 2), classes, 5),
      Result.fail("count 5 needs 2 training images of class dog, found 1")
    )
    assert.deepStrictEqual(
      ImageInstances.firstOfEachClass(Uint8Array.of(), classes, 1),
      Result.fail("count 1 needs 1 training images of class cat, found 0")
    )
  })

  it("names images by class, with unique names", () => {
    assert.deepStrictEqual(ImageInstances.nameImages(classes, 2), ["cat", "dog"])
    assert.deepStrictEqual(ImageInstances.nameImages(classes, 7).slice(3), ["cat (2)", "dog (2)", "owl (2)", "cat (3)"])
  })
})

describe("ImageInstances.layer", () => {
  it.effect("has the same images for training and testing, repeated, with the index as the label", () =>
    Effect.gen(function* () {
      const whole = yield* Effect.provide(load, synthetic())
      const { test, train } = yield* load
      // Class `i % 3` stands at place `i`, so that these are the first four.
      assert.deepStrictEqual(test.images, whole.train.images.slice(0, 4 * 64))
      assert.deepStrictEqual(test.labels, Uint8Array.of(0, 1, 2, 3))
      assert.strictEqual(train.count, 8)
      assert.deepStrictEqual(train.images.slice(0, 4 * 64), test.images)
      assert.deepStrictEqual(train.images.slice(4 * 64), test.images)
      assert.deepStrictEqual(train.labels, Uint8Array.of(0, 1, 2, 3, 0, 1, 2, 3))
      assert.deepStrictEqual((yield* Labels).classes, ["spot 0", "spot 1", "spot 2", "spot 0 (2)"])
      assert.strictEqual((yield* Dataset).name, "Synthetic, 4 images to memorise")
    }).pipe(Effect.provide(ImageInstances.layer(synthetic(), { count: 4, repeat: 2 })), platform)
  )

  it.effect("accepts one image", () =>
    Effect.gen(function* () {
      const { test, train } = yield* load
      assert.deepStrictEqual(train, test)
      assert.strictEqual(test.count, 1)
      assert.deepStrictEqual((yield* Labels).classes, ["spot 0"])
      assert.strictEqual((yield* Dataset).name, "Synthetic, 1 image to memorise")
    }).pipe(Effect.provide(ImageInstances.layer(synthetic(), { count: 1 })), platform)
  )

  it.effect.each<[ImageInstances.ImageInstancesOptions, string]>([
    [{ count: 0 }, "count must be an integer from 1 to 256, found 0"],
    [{ count: 257 }, "count must be an integer from 1 to 256, found 257"],
    [{ count: Number.NaN }, "count must be an integer from 1 to 256, found NaN"],
    [{ count: 2, repeat: 0.5 }, "repeat must be a positive integer, found 0.5"],
    [{ count: 200 }, "count 200 needs 7 training images of class spot 2, found 6"]
  ])("refuses %j", ([options, reason]) =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(Effect.provide(load, ImageInstances.layer(synthetic(), options)))
      assert.include(message, reason)
    }).pipe(platform)
  )

  it("needs a dataset with labels", () => {
    // @ts-expect-error there are no labels to choose by
    const unlabelled: Layer.Layer<Dataset | Labels> = ImageInstances.layer(Synthetic.layerUnlabelled(), { count: 1 })
    assert.isDefined(unlabelled)
  })
})

const real = realImages("mnist")
const dataDirectory = real.value

describe("the first image of each digit", needs(real), () => {
  it.live("is at the published position among MNIST's training images", () =>
    Effect.gen(function* () {
      const whole = yield* Effect.provide(load, Mnist.layer(), { local: true })
      const { test } = yield* load
      // The places of the first 0 to 9 in train-labels-idx1-ubyte.
      for (const [digit, place] of [1, 3, 5, 7, 2, 0, 13, 15, 17, 4].entries()) {
        assert.strictEqual(whole.train.labels![place], digit)
        assert.deepStrictEqual(
          test.images.slice(digit * 784, (digit + 1) * 784),
          whole.train.images.slice(place * 784, (place + 1) * 784)
        )
      }
    }).pipe(
      Effect.provide(ImageInstances.layer(Mnist.layer(), { count: 10 }), { local: true }),
      Effect.provideService(DataDirectories, { dataDirectory, cacheDirectory: undefined }),
      platform
    )
  )
})
