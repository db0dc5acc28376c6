import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { LoadedDataset } from "../../../src/core/Dataset.ts"
import { builtInDigits } from "../../../src/core/datasets/BuiltInDigits.ts"
import * as IdxImages from "../../../src/core/datasets/IdxImages.ts"
import * as Mnist from "../../../src/core/datasets/Mnist.ts"
import { sha256 } from "../../../src/core/Spec.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { needs } from "../../machine/Capability.ts"
import { realImages } from "../../machine/RealImages.ts"

const real = realImages("mnist")
const dataDirectory = real.value

const countsOf = (labels: Uint8Array | undefined) =>
  Array.from({ length: 10 }, (_, digit) => labels?.reduce((count, label) => count + (label === digit ? 1 : 0), 0))

const meanOf = (values: Uint8Array) => {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]!
  return sum / values.length
}

const hashes = ({ count, images }: LoadedDataset["train"]) =>
  Array.from({ length: count }, (_, index) => sha256(images.subarray(index * 784, (index + 1) * 784)))

describe("the built-in digits", () => {
  const load = builtInDigits.load.pipe(Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici]))

  it.live("are 10,000 distinct digits, a fifth of each class in the test split", () =>
    Effect.gen(function* () {
      const { test, train } = yield* load
      assert.deepStrictEqual(countsOf(train.labels), [801, 902, 793, 826, 784, 690, 811, 856, 755, 782])
      assert.deepStrictEqual(countsOf(test.labels), [200, 225, 198, 206, 196, 173, 203, 214, 189, 196])
      assert.strictEqual(new Set([...hashes(train), ...hashes(test)]).size, 10_000)
    })
  )

  it.live("have all 256 byte values and are ordered by hash", () =>
    Effect.gen(function* () {
      const { test, train } = yield* load
      assert.strictEqual(new Set(train.images).size, 256)
      assert.closeTo(meanOf(train.images), 33.3184, 0.5)
      assert.closeTo(meanOf(test.images), 33.3184, 0.5)
      for (const part of [train, test]) assert.deepStrictEqual(hashes(part), hashes(part).toSorted())
    })
  )

  it.live(
    "are MNIST's own training digits with their labels",
    () =>
      Effect.gen(function* () {
        const whole = yield* IdxImages.load(`${dataDirectory}/mnist`, Mnist.files)
        const labelOf = new Map(hashes(whole.train).map((hash, index) => [hash, whole.train.labels?.[index]]))
        const { test, train } = yield* load
        for (const part of [train, test]) {
          assert.deepStrictEqual(
            hashes(part).map((hash) => labelOf.get(hash)),
            Array.from(part.labels ?? [])
          )
        }
      }).pipe(Effect.provide(NodeServices.layer)),
    needs(real)
  )
})

datasetContract("MNIST without data", Mnist.layer, {
  train: 8000,
  test: 2000,
  classes: 10,
  directories: { dataDirectory: undefined, cacheDirectory: "/nowhere" }
})

describe("MNIST", needs(real), () => {
  datasetContract("MNIST", Mnist.layer, {
    train: 60_000,
    test: 10_000,
    classes: 10,
    directories: { dataDirectory, cacheDirectory: undefined }
  })

  it.live("has the published class counts and mean brightness", () =>
    Effect.gen(function* () {
      const { test, train } = yield* IdxImages.load(`${dataDirectory}/mnist`, Mnist.files)
      assert.deepStrictEqual(countsOf(train.labels), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
      assert.deepStrictEqual(countsOf(test.labels), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
      assert.closeTo(meanOf(train.images), 33.3184, 1e-4)
      assert.closeTo(meanOf(test.images), 33.7912, 1e-4)
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
