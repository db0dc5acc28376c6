import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as ImportanceWeighted from "../../../src/core/objectives/ImportanceWeighted.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { standardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { normal } from "../../../src/core/Random.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose, assertFinite, constantValues, gradients, read, timeAt } from "../../../src/testing/TensorProbe.ts"

for (const samples of [1, 2, 5]) {
  objectiveContract(`ImportanceWeighted with ${samples} samples`, ImportanceWeighted.layer({ samples }))
}

const pixel = 0.25

/** Two examples of one grey pixel; the decoder's logit is the code. Noise is draw after draw. */
const terms = (samples: number, mean: tf.Tensor, logVariance: tf.Tensor, noise: Float32Array) =>
  ImportanceWeighted.terms({ samples })({
    images: tf.fill([2, 1, 1, 1], pixel),
    posterior: LogVarianceGaussian().fromHeads([mean as tf.Tensor2D, logVariance as tf.Tensor2D]),
    prior: standardNormal,
    priorCodes: () => tf.zeros([2, 1]),
    examples: 2,
    noise: tf.tensor2d(noise, [2 * samples, 1]),
    time: timeAt(1),
    decode: (codes) => BernoulliLogits().fromOutput(tf.reshape(codes, [-1, 1, 1, 1]))
  })

const noiseOf = (seed: number, count: number): Float32Array => normal({ seed, stream: "noise", step: 0 }, count)

const means = [0.5, -1]
const logVariances = [Math.log(4), -1]

const lossesOf = (samples: number, noise: Float32Array): Float32Array =>
  read(() => ({
    loss: terms(samples, tf.tensor2d(means, [2, 1]), tf.tensor2d(logVariances, [2, 1]), noise).loss
  })).loss.values

/** `log p(x | z) + log p(z) - log q(z | x)` of an example's code. */
const logWeight = (example: number, noise: number): number => {
  const deviation = Math.exp(logVariances[example]! / 2)
  const code = means[example]! + deviation * noise
  const logLikelihood = pixel * code - Math.log1p(Math.exp(code))
  return logLikelihood - code ** 2 / 2 + noise ** 2 / 2 + Math.log(deviation)
}

describe("ImportanceWeighted", () => {
  it("is the logarithm of the mean weight", () => {
    const noise = noiseOf(1, 6)
    const expected = [0, 1].map((example) => {
      const weights = [0, 1, 2].map((draw) => Math.exp(logWeight(example, noise[2 * draw + example]!)))
      return -Math.log(weights.reduce((sum, weight) => sum + weight, 0) / 3)
    })
    assertClose(lossesOf(3, noise), expected, 1e-6)
  })

  it("with one sample is the ELBO with the KL divergence at the code", () => {
    const noise = noiseOf(2, 2)
    assertClose(
      lossesOf(1, noise),
      [0, 1].map((example) => -logWeight(example, noise[example]!)),
      1e-6
    )
  })

  it("gains nothing from codes that are equal, and is never above the mean over single codes", () => {
    const one = noiseOf(3, 2)
    assertClose(lossesOf(4, Float32Array.of(...one, ...one, ...one, ...one)), lossesOf(1, one), 1e-6)
    const many = noiseOf(4, 10)
    const singles = Array.from({ length: 5 }, (_, draw) => lossesOf(1, many.slice(2 * draw, 2 * draw + 2)))
    lossesOf(5, many).forEach((loss, example) =>
      assert.isBelow(loss, singles.reduce((sum, losses) => sum + losses[example]!, 0) / 5)
    )
  })

  it("stays finite where weights differ by more than float32 holds", () => {
    const noise = Float32Array.of(0, 0, 3, 3)
    const at = { mean: constantValues([2, 1], 0), logVariance: constantValues([2, 1], 10) }
    const heads = [tf.zeros([2, 1]), tf.fill([2, 1], 10)] as const
    const { loss } = read(() => ({ loss: terms(2, heads[0], heads[1], noise).loss }))
    // The code at 0 has all the weight: log 2, - log p(x | 0) = log 2, and - log deviation.
    assertClose(loss.values, [2 * Math.LN2 - 5, 2 * Math.LN2 - 5], 1e-6)
    assertFinite(gradients(({ mean, logVariance }) => terms(2, mean, logVariance, noise).loss, at))
  })

  it.effect("has its samples in its spec, and asks for as many draws", () =>
    Effect.gen(function* () {
      const { draws, needsKl, spec } = yield* Objective
      assert.deepStrictEqual(spec, { _tag: "ImportanceWeighted", samples: 5 })
      assert.deepStrictEqual([draws, needsKl], [5, true])
    }).pipe(Effect.provide(ImportanceWeighted.layer({ samples: 5 })))
  )

  it.effect.each([0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d samples", (samples) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(ImportanceWeighted.layer({ samples }))))
      const reason = `samples is ${samples}; it must be a positive integer`
      assertFailure(result, new ObjectiveError({ objective: "ImportanceWeighted", reason }))
    })
  )
})
