import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { NegativeLogLikelihood, logMeanExp } from "../../../src/core/evaluations/NegativeLogLikelihood.ts"
import { fakeLayer } from "./FakeTrainedModel.ts"

describe("NegativeLogLikelihood", () => {
  it("takes the mean of weights that no float holds", () => {
    assert.approximately(logMeanExp(Float32Array.of(-2000, -2000, -3000)), -2000 + Math.log(2 / 3), 1e-9)
    assert.strictEqual(logMeanExp(Float32Array.of(-Infinity, -Infinity)), -Infinity)
  })

  it.effect("is the mean over the images, with its standard error and their number", () =>
    Effect.gen(function* () {
      const { metrics } = yield* NegativeLogLikelihood({ samples: 3 }).run
      assert.deepStrictEqual(metrics, {
        "test/nll": 1.5,
        "test/nll-standard-error": Math.sqrt(5 / 3 / 4),
        "test/nll-images": 4
      })
    }).pipe(Effect.provide(fakeLayer({ count: 4, labelled: false })))
  )

  it.effect("is in bits per dimension too where pixels are discrete, and has no standard error of one image", () =>
    Effect.gen(function* () {
      const { metrics } = yield* NegativeLogLikelihood({ samples: 3, images: 1 }).run
      assert.deepStrictEqual(metrics, {
        "test/nll": 2,
        "test/nll-images": 1,
        "test/nll-bits-per-dimension": 2 / (16 * Math.LN2)
      })
    }).pipe(Effect.provide(fakeLayer({ count: 4, labelled: false, levels: 256 })))
  )

  it.effect("names an invalid option", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(NegativeLogLikelihood({ samples: 0 }).run)
      assert.strictEqual(error.message, "NegativeLogLikelihood: samples is 0; it must be a positive integer")
    }).pipe(Effect.provide(fakeLayer()))
  )
})
