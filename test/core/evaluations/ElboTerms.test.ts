import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { activeUnits, ElboTerms } from "../../../src/core/evaluations/ElboTerms.ts"
import { fakeLayer } from "./FakeTrainedModel.ts"

describe("ElboTerms", () => {
  it.effect("is minus the sum of the terms' means, independent of the loss's weights", () =>
    Effect.gen(function* () {
      const { figures, metrics } = yield* ElboTerms().run
      assert.deepStrictEqual(figures, [])
      assert.deepStrictEqual(metrics, {
        "test/elbo": -(101 + 5),
        "test/reconstruction": 101,
        "test/kl": 5,
        "test/active-units": 2
      })
    }).pipe(
      Effect.provide(
        fakeLayer({
          terms: {
            loss: Float32Array.of(1e6, 1e6),
            reconstruction: Float32Array.of(100, 102),
            kl: Float32Array.of(4, 6)
          }
        })
      )
    )
  )

  it.effect("marks an estimated divergence, and gives bits per dimension for discrete pixels", () =>
    Effect.gen(function* () {
      const { metrics } = yield* ElboTerms().run
      assert.deepStrictEqual(metrics, {
        "test/elbo": -106,
        "test/reconstruction": 101,
        "test/kl-estimate": 5,
        "test/bits-per-dimension": 106 / (16 * Math.LN2),
        "test/active-units": 2
      })
    }).pipe(
      Effect.provide(
        fakeLayer({
          levels: 256,
          terms: { reconstruction: Float32Array.of(100, 102), "kl-estimate": Float32Array.of(4, 6) }
        })
      )
    )
  )

  it.effect("sums in double precision", () =>
    Effect.gen(function* () {
      const { metrics } = yield* ElboTerms().run
      // A float32 sum of a million values of 0.1 is off by about 1 %.
      assert.approximately(metrics["test/reconstruction"]!, Math.fround(0.1), 1e-12)
    }).pipe(
      Effect.provide(
        fakeLayer({ terms: { reconstruction: new Float32Array(1_000_000).fill(0.1), kl: new Float32Array(1) } })
      )
    )
  )

  it.effect("omits the bound if codes have no KL divergence", () =>
    Effect.gen(function* () {
      const { metrics } = yield* ElboTerms().run
      assert.deepStrictEqual(metrics, { "test/reconstruction": 7, "test/active-units": 2 })
    }).pipe(Effect.provide(fakeLayer({ terms: { reconstruction: Float32Array.of(6, 8) } })))
  )

  it.effect("fails with a typed error when the objective gives no reconstruction", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(ElboTerms().run)
      assert.strictEqual(error._tag, "EvaluationError")
      assert.include(error.message, `"reconstruction"`)
    }).pipe(Effect.provide(fakeLayer({ terms: { kl: Float32Array.of(1) } })))
  )

  it("counts a dimension as active if its mean has a variance above 0.01", () => {
    // Means of +a and -a have the variance a²: 0.0099, 0.0101 and 0.
    const [below, above] = [Math.sqrt(0.0099), Math.sqrt(0.0101)]
    assert.strictEqual(activeUnits(Float32Array.of(below, above, 3, -below, -above, 3), 3), 1)
    assert.strictEqual(activeUnits(Float32Array.of(1, 2, 3), 3), 0)
    assert.strictEqual(activeUnits(new Float32Array(0), 2), 0)
  })
})
