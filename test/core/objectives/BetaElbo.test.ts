import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as BetaElbo from "../../../src/core/objectives/BetaElbo.ts"
import type { Numeric } from "../../../src/core/Schedule.ts"
import { linear } from "../../../src/core/schedules/Linear.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { standardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose, assertFinite, constantValues, gradients, read, timeAt } from "../../../src/testing/TensorProbe.ts"

for (const beta of [0, 1, 12, 200]) objectiveContract(`BetaElbo with β = ${beta}`, BetaElbo.layer({ beta }))
objectiveContract("BetaElbo with KL warm-up", BetaElbo.layer({ beta: linear({ from: 0, to: 1, epochs: 5 }) }))

/** One example of one grey pixel; the decoder's logit is the code. */
const terms = (beta: Numeric, mean: tf.Tensor, logVariance: tf.Tensor, step = 1) =>
  BetaElbo.terms({ beta })({
    images: tf.tensor4d([[[[0.25]]]]),
    posterior: LogVarianceGaussian().fromHeads([mean as tf.Tensor2D, logVariance as tf.Tensor2D]),
    prior: standardNormal,
    priorCodes: () => tf.zeros([1, 1]),
    examples: 1,
    noise: tf.ones([1, 1]),
    time: timeAt(step),
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

  it("weighs the KL divergence by the schedule's value at the step", () => {
    const beta = linear({ from: 0, to: 2, steps: 4 })
    const at = (step: number) => {
      const { loss, reconstruction, kl } = read(() => {
        const { loss, reconstruction, kl } = terms(beta, tf.tensor2d([[0.5]]), tf.tensor2d([[0]]), step)
        return { loss, reconstruction, kl: kl! }
      })
      return (loss.values[0]! - reconstruction.values[0]!) / kl.values[0]!
    }
    assertClose([1, 2, 3, 5, 100].map(at), [0, 0.5, 1, 2, 2], 1e-5)
  })

  it.effect("has the schedule in its spec and in the history", () =>
    Effect.gen(function* () {
      const { needsKl, schedules, spec } = yield* Objective
      assert.deepStrictEqual(spec, { _tag: "BetaElbo", beta: { _tag: "Linear", from: 0, to: 1, epochs: 10 } })
      assert.deepStrictEqual(Object.keys(schedules ?? {}), ["beta"])
      assert.isTrue(needsKl)
    }).pipe(Effect.provide(BetaElbo.layer({ beta: linear({ from: 0, to: 1, epochs: 10 }) })))
  )

  it.effect("refuses a negative schedule, or one with invalid options", () =>
    Effect.gen(function* () {
      const reasonOf = (beta: Numeric) =>
        Effect.scoped(Layer.build(BetaElbo.layer({ beta }))).pipe(
          Effect.flip,
          Effect.map(({ reason }) => reason)
        )
      assert.strictEqual(
        yield* reasonOf(linear({ from: 1, to: -1, epochs: 2 })),
        "beta takes the value -1 in Linear; it must be a non-negative number"
      )
      assert.strictEqual(
        yield* reasonOf(linear({ from: 0, to: 1, epochs: 0 })),
        "beta: epochs is 0; it must be above 0"
      )
    })
  )

  it.effect.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses β = %d", (beta) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(BetaElbo.layer({ beta }))))
      assertFailure(
        result,
        new ObjectiveError({ objective: "BetaElbo", reason: `beta is ${beta}; it must be a non-negative number` })
      )
    })
  )
})
