/**
 * A uniform prior on a cube, for objectives that compare samples, such as `InfoVae`.
 *
 * Its density is 0 outside the cube, so that the KL divergence of any Gaussian posterior is infinite: a model with this
 * prior refuses objectives that need the divergence.
 *
 * Source: Zhao, Song and Ermon 2017, https://arxiv.org/abs/1706.02262, which asks of a prior samples alone
 */
import * as tf from "@tensorflow/tfjs-core"
import type { QuantilePrior } from "../Prior.ts"
import { stopGradient } from "../StopGradient.ts"
import { positiveProblem } from "../OptionProblem.ts"

export interface UniformOptions {
  /** Half the edge of the cube [-bound, bound]^latent, above 0. Default: 1. */
  readonly bound?: number
}

/** The standard normal distribution function on tensors, `½ (1 + erf(z / √2))`. */
const normalCumulative = (z: tf.Tensor2D): tf.Tensor2D => tf.mul(tf.add(tf.erf(tf.mul(z, Math.SQRT1_2)), 1), 0.5)

/** `log p(z) = -latent log(2 bound)` inside the cube and -∞ outside. A code is `bound (2 Φ(noise) - 1)`. */
export const Uniform = (options: UniformOptions = {}): QuantilePrior => {
  const { bound = 1 } = options
  return {
    spec: { _tag: "Uniform", bound },
    name: `the uniform distribution from ${-bound} to ${bound} in each dimension`,
    problem: positiveProblem("bound", bound),
    hasFullSupport: false,
    quantiles: {
      name: `U(${-bound}, ${bound})`,
      quantile: (probability) => bound * (2 * probability - 1),
      cumulative: (value) => Math.min(1, Math.max(0, (value / bound + 1) / 2)),
      ticks: [-bound, -bound / 2, 0, bound / 2, bound]
    },
    parameters: () => ({}),
    distribution: (_parameters, { latent }) => ({
      logProb: (codes) => {
        const inside = stopGradient((codes) => tf.all(tf.lessEqual(tf.abs(codes), bound), 1), codes)
        const density = tf.fill([codes.shape[0]], -latent * Math.log(2 * bound))
        return tf.where(inside, density, tf.fill([codes.shape[0]], Number.NEGATIVE_INFINITY)) as tf.Tensor1D
      },
      sample: ({ normal }) => tf.mul(tf.sub(normalCumulative(normal), 0.5), 2 * bound)
    })
  }
}
