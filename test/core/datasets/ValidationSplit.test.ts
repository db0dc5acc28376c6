import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Dataset, Validation } from "../../../src/core/Dataset.ts"
import { Split, Synthetic, ValidationSplit } from "../../../src/index.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { platform } from "../../pipelines/Sandbox.ts"

const plain = Synthetic.layer({ train: 100, test: 30 })

datasetContract("ValidationSplit", () => ValidationSplit.layer(plain, { fraction: 0.2 }), {
  train: 80,
  test: 30,
  classes: 4
})

const loaded = (layer: Layer.Layer<Dataset>) =>
  Effect.gen(function* () {
    const dataset = yield* Dataset
    return yield* dataset.load(yield* dataset.locate)
  }).pipe(Effect.provide(layer), Effect.provide(platform))

/** The images of a split, each as text. */
const imagesOf = ({ count, images }: { readonly count: number; readonly images: Uint8Array }) =>
  Array.from({ length: count }, (_, index) => {
    const size = images.length / count
    return images.slice(index * size, (index + 1) * size).join()
  })

describe("ValidationSplit", () => {
  it.effect("splits the training examples and keeps the test examples", () =>
    Effect.gen(function* () {
      const before = yield* loaded(plain)
      const { test, train, validation } = yield* loaded(ValidationSplit.layer(plain, { fraction: 0.2 }))
      assert.deepStrictEqual(test, before.test)
      assert.deepStrictEqual([train.count, validation?.count], [80, 20])
      assert.sameMembers([...imagesOf(train), ...imagesOf(validation!)], imagesOf(before.train))
      assert.strictEqual(validation!.labels?.length, 20)
    })
  )

  it.effect("gives other parts for another seed, and the last ones on request", () =>
    Effect.gen(function* () {
      const partsOf = (options: ValidationSplit.ValidationSplitOptions) =>
        Effect.map(loaded(ValidationSplit.layer(plain, options)), ({ validation }) => imagesOf(validation!))
      assert.deepStrictEqual(yield* partsOf({ seed: 1 }), yield* partsOf({ seed: 1 }))
      assert.notDeepEqual(yield* partsOf({ seed: 1 }), yield* partsOf({ seed: 2 }))
      const before = yield* loaded(plain)
      assert.deepStrictEqual(yield* partsOf({ heldOut: "last" }), imagesOf(before.train).slice(-10))
    })
  )

  it.effect("describes itself, and offers validation examples", () =>
    Effect.gen(function* () {
      const { spec } = yield* Dataset
      assert.deepStrictEqual(spec["validation"], { _tag: "Random", fraction: 0.1, seed: 0 })
      assert.deepStrictEqual(yield* Validation, { fraction: 0.1 })
    }).pipe(Effect.provide(ValidationSplit.layer(plain)))
  )

  it.effect.each<readonly [ValidationSplit.ValidationSplitOptions, RegExp]>([
    [{ fraction: 0 }, /fraction must be above 0 and below 1, found 0/],
    [{ fraction: 1e-9 }, /fraction 1e-9 makes 0 of 100 images validation images/]
  ])("refuses %j", ([options, reason]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(loaded(ValidationSplit.layer(plain, options)))
      assert.match(error.message, reason)
    })
  )

  it.effect("is undone by a split of everything", () =>
    Effect.gen(function* () {
      const all = yield* loaded(Split.layer(ValidationSplit.layer(plain), { testFraction: 0.5 }))
      assert.strictEqual(all.train.count + all.test.count, 130)
    })
  )
})
