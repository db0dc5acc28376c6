import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as BinarizedMnist from "../../../src/core/datasets/BinarizedMnist.ts"
import * as Mnist from "../../../src/core/datasets/Mnist.ts"
import { sha256 } from "../../../src/core/Spec.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { loadFrom, needsItsFiles } from "./OnlyOnDisk.ts"
import { needs } from "../../machine/Capability.ts"
import { realImages } from "../../machine/RealImages.ts"

const joined = () => BinarizedMnist.layer({ validation: "train" })

needsItsFiles("binarised MNIST", BinarizedMnist.layer, "binarized-mnist", [
  "train-images-idx3-ubyte.gz",
  "test-images-idx3-ubyte.gz"
])

needsItsFiles("binarised MNIST with validation digits", joined, "binarized-mnist", [
  "train-images-idx3-ubyte.gz",
  "valid-images-idx3-ubyte.gz",
  "test-images-idx3-ubyte.gz"
])

const real = realImages("binarized-mnist")
const dataDirectory = real.value
const mnist = realImages("mnist")

const meanOf = (values: Uint8Array) => {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]!
  return sum / values.length
}

describe("binarised MNIST", needs(real), () => {
  const directories = { dataDirectory, cacheDirectory: undefined }

  datasetContract("binarised MNIST", BinarizedMnist.layer, { train: 50_000, test: 10_000, directories })

  it.live("is black and white, with the validation digits optionally appended to the training digits", () =>
    Effect.gen(function* () {
      const one = yield* loadFrom(dataDirectory, BinarizedMnist.layer())
      const both = yield* loadFrom(dataDirectory, joined())
      assert.strictEqual(both.train.count, 60_000)
      assert.strictEqual(sha256(both.train.images.subarray(0, 50_000 * 784)), sha256(one.train.images))
      assert.strictEqual(sha256(both.test.images), sha256(one.test.images))
      assert.notStrictEqual(both.located.digest, one.located.digest)
      assert.notDeepEqual(both.spec, one.spec)
      assert.deepStrictEqual(new Set(both.train.images), new Set([0, 255]))
      assert.deepStrictEqual(new Set(one.test.images), new Set([0, 255]))
      // measured when the files were compared with MNIST
      assert.closeTo(meanOf(one.train.images) / 255, 0.1306, 5e-5)
      assert.closeTo(meanOf(both.train.images.subarray(50_000 * 784)) / 255, 0.1311, 5e-5)
      assert.closeTo(meanOf(one.test.images) / 255, 0.1325, 5e-5)
    })
  )

  it.live(
    "is a sample of MNIST's test digits, ordered by class",
    () =>
      Effect.gen(function* () {
        const { test } = yield* loadFrom(dataDirectory, BinarizedMnist.layer())
        const grey = (yield* loadFrom(mnist.value, Mnist.layer())).test
        const order = Array.from({ length: 10_000 }, (_, index) => index).toSorted(
          (one, other) => grey.labels![one]! - grey.labels![other]! || one - other
        )
        let impossible = 0
        let drawn = 0
        let expected = 0
        order.forEach((place, index) => {
          for (let pixel = 0; pixel < 784; pixel++) {
            const bit = test.images[index * 784 + pixel]!
            const value = grey.images[place * 784 + pixel]!
            if (value === 0 || value === 255) impossible += bit === value ? 0 : 1
            drawn += bit / 255
            expected += value / 255
          }
        })
        assert.strictEqual(impossible, 0)
        assert.closeTo(drawn / expected, 1, 1e-3)
      }),
    needs(mnist)
  )
})
