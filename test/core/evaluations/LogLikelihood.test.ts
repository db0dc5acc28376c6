import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { LogLikelihood, logMeanExp } from "../../../src/core/evaluations/LogLikelihood.ts"
import { fakeLayer } from "./FakeTrainedModel.ts"

describe("LogLikelihood", () => {
  it("takes the mean of weights that no float holds", () => {
    assert.approximately(logMeanExp(Float32Array.of(-2000, -2000, -3000)), -2000 + Math.log(2 / 3), 1e-9)
    assert.strictEqual(logMeanExp(Float32Array.of(-Infinity, -Infinity)), -Infinity)
  })

  it.effect("is the mean over the images, with its standard error and their number", () =>
    Effect.gen(function* () {
      const { metrics } = yield* LogLikelihood({ samples: 3 }).run
      assert.deepStrictEqual(metrics, {
        "test/log-likelihood": -1.5,
        "test/log-likelihood-standard-error": Math.sqrt(1.25 / 4),
        "test/log-likelihood-images": 4
      })
    }).pipe(Effect.provide(fakeLayer({ count: 4, labelled: false })))
  )

  it.effect("names an option that is not allowed", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(LogLikelihood({ samples: 0 }).run)
      assert.strictEqual(error.message, "LogLikelihood: samples is 0; it must be a whole number from 1")
    }).pipe(Effect.provide(fakeLayer()))
  )
})
