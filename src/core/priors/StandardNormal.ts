/**
 * The standard normal prior: independent dimensions of mean 0 and deviation 1.
 *
 * Source: Kingma and Welling 2013, appendix B, https://arxiv.org/abs/1312.6114
 */
import * as tf from "@tensorflow/tfjs-core"
import { cumulative, quantile } from "../NormalDistribution.ts"
import { halfLogTwoPi } from "../posteriors/DiagonalGaussian.ts"
import type { PriorDistribution, QuantilePrior } from "../Prior.ts"

/** `log p(z) = -Σ ½ z² + ½ log 2π`, `[rows]`, for codes `[rows, latent]`. */
const standardNormalLogProb = (codes: tf.Tensor2D): tf.Tensor1D =>
  tf.neg(tf.sum(tf.add(tf.mul(tf.square(codes), 0.5), halfLogTwoPi), 1))

/** `N(0, I)`, which has no parameters. */
export const standardNormal: PriorDistribution = {
  logProb: standardNormalLogProb,
  kl: (posterior) => posterior.kl?.(),
  klByDimension: (posterior) => posterior.klByDimension?.(),
  sample: ({ normal }) => normal
}

/** `p(z) = N(0, I)`; its divergence is the posterior's own closed form, where it has one. */
export const StandardNormal = (): QuantilePrior => ({
  spec: { _tag: "StandardNormal" },
  name: "N(0, I)",
  quantiles: { name: "N(0, 1)", quantile, cumulative, ticks: [-2, -1, -0.5, 0, 0.5, 1, 2] },
  parameters: () => ({}),
  distribution: () => standardNormal
})
