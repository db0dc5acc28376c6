import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { DataDirectories, Dataset, Labels } from "../../../src/core/Dataset.ts"
import * as FashionMnist from "../../../src/core/datasets/FashionMnist.ts"
import * as Mnist from "../../../src/core/datasets/Mnist.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { needs } from "../../machine/Capability.ts"
import { realImages } from "../../machine/RealImages.ts"

const real = realImages("fashion-mnist")
const dataDirectory = real.value

const platform = Layer.mergeAll(
  NodeServices.layer,
  NodeHttpClient.layerUndici,
  ConfigProvider.layer(ConfigProvider.fromUnknown({ VAE_OFFLINE: "1", HOME: "/nowhere" }))
)

describe("Fashion-MNIST", needs(real), () => {
  const directories = { dataDirectory, cacheDirectory: undefined }

  datasetContract("Fashion-MNIST", FashionMnist.layer, { train: 60_000, test: 10_000, classes: 10, directories })

  it.live("has equally many images of each class, and is not MNIST", () =>
    Effect.gen(function* () {
      const dataset = yield* Dataset
      const located = yield* dataset.locate
      const { test } = yield* dataset.load(located)
      const counts = Array.from({ length: 10 }, (_, label) => test.labels?.filter((one) => one === label).length)
      assert.deepStrictEqual(counts, Array.from({ length: 10 }).fill(1000))
      const digits = yield* Effect.provide(Dataset, Mnist.layer(), { local: true })
      assert.notStrictEqual((yield* digits.peek)?.digest, located.digest)
      assert.strictEqual(digits.spec._tag, "Mnist")
      assert.strictEqual(dataset.spec._tag, "FashionMnist")
    }).pipe(
      Effect.provide(FashionMnist.layer(), { local: true }),
      Effect.provideService(DataDirectories, directories),
      Effect.provide(platform)
    )
  )
})

describe("Fashion-MNIST without data", () => {
  it.live("gives advice", () =>
    Effect.gen(function* () {
      const dataset = yield* Dataset
      for (const effect of [dataset.peek, dataset.locate]) {
        const { message } = yield* Effect.flip(effect)
        for (const text of ["Fashion-MNIST", "--data-dir", "dataset-fashion-mnist", "network", "VAE_OFFLINE"]) {
          assert.include(message, text)
        }
      }
      assert.lengthOf((yield* Labels).classes, 10)
    }).pipe(Effect.provide(FashionMnist.layer(), { local: true }), Effect.provide(platform))
  )
})
