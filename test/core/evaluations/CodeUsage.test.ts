import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { CodeUsage, perplexity, shares } from "../../../src/core/evaluations/CodeUsage.ts"
import { DiscreteLatent } from "../../../src/core/Model.ts"
import { TrainedModel } from "../../../src/core/TrainedModel.ts"
import { textOf } from "../figures/compiles.ts"
import { fake, fakeLayer } from "./FakeTrainedModel.ts"

const withChoices = (latent: DiscreteLatent["Service"], choiceOf: (image: number, variable: number) => number) =>
  Layer.mergeAll(
    fakeLayer(),
    Layer.succeed(DiscreteLatent, latent),
    Layer.succeed(TrainedModel, {
      ...fake({ count: 12 }),
      encode: (split, indices) =>
        Effect.map(fake({ count: 12 }).encode(split, indices), (codes) => ({
          ...codes,
          choices: Float32Array.from({ length: indices.length * latent.variables }, (_, place) =>
            choiceOf(indices[Math.floor(place / latent.variables)]!, place % latent.variables)
          )
        }))
    })
  )

describe("CodeUsage", () => {
  it("has a perplexity of 1 for one category, of K for K equally frequent ones", () => {
    assert.strictEqual(perplexity([1, 0, 0]), 1)
    assert.closeTo(perplexity([0.25, 0.25, 0.25, 0.25, 0]), 4, 1e-9)
    assert.closeTo(perplexity([0.5, 0.25, 0.25]), 2 ** 1.5, 1e-9)
  })

  it("counts variables apart unless they share the categories", () => {
    const latent = { variables: 2, categories: 3 }
    assert.deepStrictEqual(shares([0, 2, 0, 2, 1, 2, 1, 2], { ...latent, shared: false }), [
      [0.5, 0.5, 0],
      [1, 0, 0]
    ])
    assert.deepStrictEqual(shares([0, 2, 0, 2, 1, 2, 1, 2], { ...latent, shared: true }), [[0.5, 0.25, 0.25]])
  })

  it.effect("gives perplexity, codes in use and a figure", () =>
    Effect.gen(function* () {
      const { figures, metrics } = yield* CodeUsage().run
      assert.closeTo(metrics["test/perplexity"]!, 3, 1e-9)
      assert.strictEqual(metrics["test/codes-in-use"], 3)
      assert.include(yield* textOf(figures[0]!), "Fake: how often each category is chosen")
      assert.include(figures[0]!.caption, "one codebook of 5 entries, for 2 variables per image")
    }).pipe(
      Effect.provide(
        withChoices({ variables: 2, categories: 5, shared: true }, (image, variable) => (image + variable) % 3)
      )
    )
  )

  it.effect("fails where the model gives no choices", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(CodeUsage().run)
      assert.include(error.message, "CodeUsage: the model gives no choices")
    }).pipe(
      Effect.provide(
        Layer.merge(fakeLayer(), Layer.succeed(DiscreteLatent, { variables: 1, categories: 2, shared: false }))
      )
    )
  )
})
