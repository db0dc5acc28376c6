import { assert, describe, it } from "@effect/vitest"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { Effect, type Layer } from "effect"
import { Dataset, type Labels } from "../../../src/core/Dataset.ts"
import * as Synthetic from "../../../src/core/datasets/Synthetic.ts"
import { sha256 } from "../../../src/core/Spec.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"

const load = (layer: Layer.Layer<Dataset>) =>
  Effect.gen(function* () {
    const dataset = yield* Dataset
    const located = yield* dataset.locate
    return { ...(yield* dataset.load(located)), digest: located.digest, shape: dataset.shape }
  }).pipe(Effect.provide(layer, { local: true }), Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici]))

datasetContract("Synthetic", Synthetic.layer, { train: 256, test: 64, classes: 4 })

datasetContract(
  "Synthetic of odd sizes",
  () => Synthetic.layer({ train: 7, test: 1, classes: 5, height: 9, width: 4 }),
  {
    train: 7,
    test: 1,
    classes: 5
  }
)

datasetContract("Synthetic without labels", Synthetic.layerUnlabelled, { train: 256, test: 64 })

describe("Synthetic", () => {
  it.effect("gives exactly these bytes", () =>
    Effect.gen(function* () {
      const { test, train } = yield* load(Synthetic.layer())
      // by running this test: a change here changes what old digests mean, so raise the version in the digest
      assert.strictEqual(sha256(train.images), "f450461477031c88ec07496168a4b8c4a55ecd7077d619040b0b2c6b503d09c8")
      assert.strictEqual(sha256(test.images), "c833ef64fd4121dae1cc44f2d42c52a415d3a0becb02b15204f23125a2e270a9")
    })
  )

  it.effect("changes with every option, and so does the digest", () =>
    Effect.gen(function* () {
      const variants = [{}, { seed: 1 }, { train: 255 }, { test: 63 }, { classes: 3 }, { height: 9 }, { width: 9 }]
      const loaded = yield* Effect.forEach(variants, (options) => load(Synthetic.layer(options)))
      assert.strictEqual(new Set(loaded.map(({ digest }) => digest)).size, variants.length)
      const bytes = loaded.map(({ test, train }) => sha256(train.images) + sha256(test.images))
      assert.strictEqual(new Set(bytes).size, variants.length)
    })
  )

  it.effect("puts every class at its own position, brightest near the centre of its cell", () =>
    Effect.gen(function* () {
      const { shape, train } = yield* load(Synthetic.layer({ train: 400, height: 16, width: 16 }))
      for (let index = 0; index < train.count; index++) {
        const image = train.images.subarray(index * 256, (index + 1) * 256)
        const total = image.reduce((sum, value) => sum + value, 0)
        const centre = (axis: (pixel: number) => number) =>
          image.reduce((sum, value, pixel) => sum + value * (axis(pixel) + 0.5), 0) / total
        const row = Math.floor(centre((pixel) => Math.floor(pixel / shape.width)) / 8)
        const column = Math.floor(centre((pixel) => pixel % shape.width) / 8)
        assert.strictEqual(2 * row + column, train.labels?.[index])
        assert.isAbove(Math.max(...image), 100)
      }
    })
  )

  it.effect("reports the invalid option", () =>
    Effect.gen(function* () {
      const wrong = [{ train: 0 }, { test: 1.5 }, { classes: 257 }, { height: -1 }, { width: Number.NaN }, { seed: -1 }]
      for (const options of wrong) {
        const [[name, value]] = Object.entries(options) as [[string, number]]
        const error = yield* Effect.flip(load(Synthetic.layer(options)))
        assert.strictEqual(error._tag, "DatasetError")
        assert.include(error.message, `${name} must be an integer`)
        assert.include(error.message, `found ${value}`)
      }
    })
  )

  it("provides labels in its type only with labels", () => {
    const labelled: Layer.Layer<Labels> = Synthetic.layer()
    // @ts-expect-error the unlabelled layer does not provide Labels
    const unlabelled: Layer.Layer<Labels> = Synthetic.layerUnlabelled()
    assert.notStrictEqual(labelled, unlabelled)
  })
})
