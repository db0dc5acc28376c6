import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as BetaElbo from "../../../src/core/objectives/BetaElbo.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose, assertFinite, constantValues, gradients, read } from "../../../src/testing/TensorProbe.ts"

for (const beta of [0, 1, 12, 200]) objectiveContract(`BetaElbo with β = ${beta}`, BetaElbo.layer({ beta }))

/** One example of one grey pixel; the decoder's logit is the code. */
const terms = (beta: number, mean: tf.Tensor, logVariance: tf.Tensor) =>
  BetaElbo.terms({ beta })({
    images: tf.tensor4d([[[[0.25]]]]),
    posterior: LogVarianceGaussian().fromHeads([mean as tf.Tensor2D, logVariance as tf.Tensor2D]),
    noise: tf.ones([1, 1]),
    decode: (codes) => BernoulliLogits().fromOutput(tf.reshape(codes, [1, 1, 1, 1]))
  })

describe("BetaElbo", () => {
  it("is reconstruction plus β times the KL divergence", () => {
    for (const beta of [0, 1, 12, 200]) {
      const { loss, reconstruction, kl } = read(() => {
        const { loss, reconstruction, kl } = terms(beta, tf.tensor2d([[0.5]]), tf.tensor2d([[Math.log(4)]]))
        return { loss, reconstruction, kl: kl! }
      })
      // The code is 0.5 + 2: softplus(2.5) - 0.25 * 2.5; and ½ (0.25 + 4 - 1 - log 4).
      const expected = { reconstruction: Math.log1p(Math.exp(2.5)) - 0.625, kl: 0.5 * (3.25 - Math.log(4)) }
      assertClose(reconstruction.values, [expected.reconstruction], 1e-6)
      assertClose(kl.values, [expected.kl], 1e-6)
      assertClose(loss.values, [expected.reconstruction + beta * expected.kl], 1e-6)
    }
  })

  it("with β = 0 keeps the loss and its gradient finite while the KL divergence overflows", () => {
    const at = { mean: constantValues([1, 1], 1e25), logVariance: constantValues([1, 1], 0) }
    const { kl } = read(() => ({ kl: terms(0, tf.tensor2d([[1e25]]), tf.zeros([1, 1])).kl! }))
    assert.strictEqual(kl.values[0], Number.POSITIVE_INFINITY)
    assertFinite(read(() => ({ loss: terms(0, tf.tensor2d([[1e25]]), tf.zeros([1, 1])).loss })))
    assertFinite(gradients(({ mean, logVariance }) => terms(0, mean, logVariance).loss, at))
  })

  it.effect("has β in its spec", () =>
    Effect.gen(function* () {
      const { spec } = yield* Objective
      assert.deepStrictEqual(spec, { _tag: "BetaElbo", beta: 12 })
    }).pipe(Effect.provide(BetaElbo.layer({ beta: 12 })))
  )

  it.effect.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses β = %d", (beta) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(BetaElbo.layer({ beta }))))
      assertFailure(
        result,
        new ObjectiveError({ objective: "BetaElbo", reason: `beta is ${beta}; it must be a number from 0` })
      )
    })
  )
})
