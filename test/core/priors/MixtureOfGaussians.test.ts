import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import type { PriorContext } from "../../../src/core/Prior.ts"
import { MixtureOfGaussians } from "../../../src/core/priors/MixtureOfGaussians.ts"
import { priorContract } from "../../../src/testing/PriorContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

for (const components of [1, 3])
  priorContract(`MixtureOfGaussians of ${components}`, MixtureOfGaussians({ components }))

const context = {} as PriorContext

describe("MixtureOfGaussians", () => {
  it("has the golden log densities of SciPy", () => {
    // import numpy as np
    // from scipy.special import logsumexp, log_softmax
    // from scipy.stats import multivariate_normal as normal
    // means, deviations = np.array([[0, 1], [2, -1], [-3, .5]]), np.exp([[0, .3], [-.5, .2], [.7, -1]])
    // weights = log_softmax([.5, -1, 0])
    // [logsumexp([weights[k] + normal.logpdf(z, means[k], np.diag(deviations[k] ** 2)) for k in range(3)])
    //   for z in [[.1, .2], [2, -1], [5, 5], [-40, 3]]]
    const { logProb } = read(() => ({
      logProb: MixtureOfGaussians({ components: 3 })
        .distribution(
          {
            means: tf.tensor2d([0, 1, 2, -1, -3, 0.5], [3, 2]),
            "log-deviations": tf.tensor2d([0, 0.3, -0.5, 0.2, 0.7, -1], [3, 2]),
            logits: tf.tensor1d([0.5, -1, 0])
          },
          context
        )
        .logProb(tf.tensor2d([0.1, 0.2, 2, -1, 5, 5, -40, 3], [4, 2]))
    }))
    assertClose(logProb.values, [-2.66601843, -3.5366595, -19.63225414, -194.5284298], 1e-5)
  })

  it("draws from the component that the uniform number falls to", () => {
    const { codes } = read(() => ({
      codes: MixtureOfGaussians({ components: 3 })
        .distribution(
          {
            means: tf.tensor2d([0, 10, 20], [3, 1]),
            "log-deviations": tf.fill([3, 1], Math.log(2)),
            logits: tf.log(tf.tensor1d([0.5, 0.25, 0.25]))
          },
          context
        )
        .sample({
          normal: tf.tensor2d([1, 1, -1, 0, 0], [5, 1]),
          uniform: tf.tensor1d([0, 0.49, 0.51, 0.76, 0.999_999_9])
        })
    }))
    assertClose(codes.values, [2, 2, 8, 20, 20], 1e-5)
  })

  it("names an invalid number of components", () => {
    for (const components of [0, 1.5, Number.NaN]) {
      assert.strictEqual(
        MixtureOfGaussians({ components }).problem,
        `components is ${components}; it must be a positive integer`
      )
    }
  })
})
