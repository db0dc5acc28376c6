/**
 * Mixtures of diagonal Gaussians, shared by the priors that are one.
 */
import * as tf from "@tensorflow/tfjs-core"
import { logSumExp } from "../LogSumExp.ts"
import { halfLogTwoPi } from "../posteriors/DiagonalGaussian.ts"
import type { PriorDistribution } from "../Prior.ts"
import { stopGradient } from "../StopGradient.ts"

/** The components of a mixture. */
export interface Components {
  /** `[components, latent]`. */
  readonly means: tf.Tensor2D
  /** Logarithms of the standard deviations, `[components, latent]`. */
  readonly logDeviations: tf.Tensor2D
  /** Logarithms of the weights, which sum to 1, `[components]`. */
  readonly logWeights: tf.Tensor1D
}

/** `log softmax(logits)`, `[components]`. */
export const normalised = (logits: tf.Tensor1D): tf.Tensor1D => tf.sub(logits, logSumExp(logits))

/** The index of the component that a uniform number falls to, `[rows]`, `int32`; without a gradient by the weights. */
const chosen = (uniform: tf.Tensor1D, logWeights: tf.Tensor1D): tf.Tensor1D =>
  stopGradient((logWeights) => {
    // The last border is 1 up to rounding, and no uniform number may pass it.
    const borders = tf.slice(tf.cumsum(tf.exp(logWeights as tf.Tensor1D)), [0], [logWeights.shape[0]! - 1])
    return tf.sum(tf.cast(tf.greaterEqual(tf.expandDims(uniform, 1), tf.expandDims(borders, 0)), "int32"), 1)
  }, logWeights)

/**
 * `log p(z) = log Σ_k w_k N(z; mean_k, deviation_k²)`. A code is that of one component, which the uniform number
 * chooses.
 *
 * Distances are squared after they are divided by the deviation, so that a code far from all components has a finite
 * density.
 */
export const mixtureOfGaussians = ({ logDeviations, logWeights, means }: Components): PriorDistribution => ({
  logProb: (codes) => {
    const inverse = tf.expandDims(tf.exp(tf.neg(logDeviations)), 1)
    // `[components, rows, latent]`.
    const standardised = tf.mul(tf.sub(tf.expandDims(codes, 0), tf.expandDims(means, 1)), inverse)
    const squares = tf.sum(tf.mul(tf.square(standardised), 0.5), 2)
    const constants = tf.sub(logWeights, tf.sum(tf.add(logDeviations, halfLogTwoPi), 1))
    return logSumExp(tf.sub(tf.expandDims(constants, 1), squares)) as tf.Tensor1D
  },
  sample: ({ normal, uniform }) => {
    const index = chosen(uniform, logWeights)
    return tf.add(tf.gather(means, index), tf.mul(tf.exp(tf.gather(logDeviations, index)), normal))
  }
})
