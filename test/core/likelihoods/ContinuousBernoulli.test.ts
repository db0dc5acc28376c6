import { describe, it } from "@effect/vitest"
import type * as tf from "@tensorflow/tfjs-core"
import { ContinuousBernoulli } from "../../../src/core/likelihoods/ContinuousBernoulli.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { likelihoodContract } from "../../../src/testing/LikelihoodContract.ts"
import { assertClose, constantValues, gradients, read, toTensor } from "../../../src/testing/TensorProbe.ts"

likelihoodContract("ContinuousBernoulli", ContinuousBernoulli(), { pixels: "unit", extreme: 1000 })

const logits = Float32Array.of(-80, -20, -3, -0.7, -0.601, -0.599, -0.2, -1e-3, -1e-6, 0, 1e-6, 0.01, 0.5, 0.61, 4, 80)
const shape = [logits.length, 1, 1, 1]

/** `∂ log C`, in double precision: the closed form away from 0, where it does not cancel, and its series beside it. */
const meanAt = (x: number): number => (Math.abs(x) < 0.1 ? 0.5 + x / 12 - x ** 3 / 720 : 1 / -Math.expm1(-x) - 1 / x)

describe("ContinuousBernoulli", () => {
  it("has the closed form's values on both sides of the threshold and at 1/2, where it is uniform", () => {
    const { logProb, mean } = read(() => {
      const distribution = ContinuousBernoulli().fromOutput(toTensor(float32(shape, logits)))
      return { logProb: distribution.logProb(toTensor(constantValues(shape, 0.25))), mean: distribution.mean }
    })
    const normaliser = (x: number): number => (x === 0 ? 0 : Math.log(Math.expm1(x) / x))
    assertClose(
      logProb.values,
      logits.map((x) => 0.25 * x - normaliser(x)),
      1e-6
    )
    assertClose(mean.values, logits.map(meanAt), 2e-6)
  })

  it("has the gradient `x - mean`", () => {
    const found = gradients(
      ({ logits }) =>
        ContinuousBernoulli()
          .fromOutput(logits as tf.Tensor4D)
          .logProb(toTensor(constantValues(shape, 0.25))),
      { logits: float32(shape, logits) }
    )
    assertClose(
      found.logits.values,
      logits.map((x) => 0.25 - meanAt(x)),
      1e-5
    )
  })
})
