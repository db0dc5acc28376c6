import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { Dataset, DatasetError, Labels, type LoadedDataset } from "../../../src/core/Dataset.ts"
import * as DerivedDataset from "../../../src/core/datasets/DerivedDataset.ts"
import * as Synthetic from "../../../src/core/datasets/Synthetic.ts"
import { digestOf } from "../../../src/core/Spec.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"

const platform = Effect.provide([NodeServices.layer, NodeHttpClient.layerUndici])

/** Test examples for training examples, and the other way round. */
const swapped = ({ test, train }: LoadedDataset) => Result.succeed({ train: test, test: train })
const swap = { tag: "Swapped", how: { swapped: true }, examples: swapped }
const base = () => Synthetic.layer({ train: 30, test: 20 })
const layer = () => DerivedDataset.layer(base(), () => swap)

datasetContract("a derived dataset", layer, { train: 20, test: 30, classes: 4 })

const locate = Effect.flatMap(Dataset, (dataset) => dataset.locate)

describe("DerivedDataset", () => {
  it.effect("has a spec and a digest that depend on the source's and on the derivation", () =>
    Effect.gen(function* () {
      const other = yield* Effect.provide(Effect.all({ dataset: Dataset, located: locate }), base())
      const { dataset, located } = yield* Effect.provide(Effect.all({ dataset: Dataset, located: locate }), layer())
      assert.deepStrictEqual(dataset.spec, { _tag: "Swapped", swapped: true, of: other.dataset.spec })
      assert.deepStrictEqual(located, {
        ...other.located,
        digest: digestOf({ swapped: true, of: other.located.digest }),
        of: other.located
      })
    }).pipe(platform)
  )

  it.effect("has the source's name and labels by default", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Dataset).name, "Synthetic")
      assert.lengthOf((yield* Labels).classes, 4)
      const renamed = DerivedDataset.layer(layer(), (of) => ({ ...swap, name: `${of.name}, again` }))
      assert.strictEqual(
        yield* Effect.provide(
          Dataset.useSync(({ name }) => name),
          renamed
        ),
        "Synthetic, again"
      )
    }).pipe(Effect.provide(layer()))
  )

  it.effect("reports invalid options when it is located, and invalid examples when it is loaded", () =>
    Effect.gen(function* () {
      const faulty = DerivedDataset.layer(base(), () => ({ ...swap, problem: "no such option" }))
      const problem = new DatasetError({ dataset: "Synthetic", reason: "no such option" })
      assert.deepStrictEqual(yield* Effect.flip(Effect.provide(locate, faulty)), problem)
      const peek = Effect.flatMap(Dataset, (dataset) => dataset.peek)
      assert.deepStrictEqual(yield* Effect.flip(Effect.provide(peek, faulty)), problem)
      const empty = DerivedDataset.layer(base(), () => ({ ...swap, examples: () => Result.fail("nothing is left") }))
      const load = Effect.flatMap(Dataset, (dataset) => Effect.flatMap(dataset.locate, dataset.load))
      assert.deepStrictEqual(
        yield* Effect.flip(Effect.provide(load, empty)),
        new DatasetError({ dataset: "Synthetic", reason: "nothing is left" })
      )
    }).pipe(platform)
  )

  it.effect("does not peek if the source's data must be downloaded", () =>
    Effect.gen(function* () {
      const elsewhere = Layer.effect(
        Dataset,
        Dataset.useSync((of) => ({ ...of, peek: Effect.succeed(undefined) }))
      ).pipe(Layer.provide(base()))
      const dataset = yield* Effect.provide(
        Dataset,
        DerivedDataset.layer(elsewhere, () => swap)
      )
      assert.isUndefined(yield* dataset.peek)
    }).pipe(platform)
  )
})
