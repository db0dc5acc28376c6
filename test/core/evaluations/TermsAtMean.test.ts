import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TermsAtMean } from "../../../src/core/evaluations/TermsAtMean.ts"
import { fakeLayer } from "./FakeTrainedModel.ts"

describe("TermsAtMean", () => {
  it.effect("averages the terms at the posterior's means, without the divergence", () =>
    Effect.gen(function* () {
      const { metrics } = yield* TermsAtMean().run
      assert.deepStrictEqual(metrics, { "test/loss-at-mean": 3, "test/reconstruction-at-mean": 1.5 })
    }).pipe(
      Effect.provide(
        fakeLayer({
          terms: { loss: Float32Array.of(8), reconstruction: Float32Array.of(9) },
          termsAtMean: {
            loss: Float32Array.of(2, 4),
            reconstruction: Float32Array.of(1, 2),
            kl: Float32Array.of(1, 2)
          }
        })
      )
    )
  )
})
