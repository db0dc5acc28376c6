/**
 * The β-TC-VAE: the KL divergence split into the information that codes have about examples, the total correlation of their
 * dimensions, and what is left per dimension, each with a weight of its own.
 *
 * Looks at a batch: the aggregated posterior is estimated from the batch's own posteriors by minibatch-weighted sampling.
 *
 * Source: Chen et al. 2018, eq. 2 and 3, https://arxiv.org/abs/1802.04942
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Layer } from "effect"
import { divergence, divergenceTerm, drawCodes } from "../Divergence.ts"
import { logSumExp } from "../LogSumExp.ts"
import type { FactorizedPosterior } from "../Model.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import { maximumOf, type Numeric, scheduled, specOf, valueAt, weightProblem } from "../Schedule.ts"

export interface BetaTcVaeOptions {
  /** Weight of the index-code mutual information, from 0. Default: 1. */
  readonly alpha?: Numeric
  /** Weight of the total correlation, from 0. */
  readonly beta: Numeric
  /** Weight of the dimension-wise KL divergence, from 0. Default: 1. */
  readonly gamma?: Numeric
}

/**
 * `loss = -log p(x | z) + α MI + β TC + γ DW`, `[batch]`, in nats, at one code `z` per example, with
 *
 * - `MI = log q(z | x) - log q(z)`, reported as `mutual-information`,
 * - `TC = log q(z) - Σ_d log q(z_d)`, as `total-correlation`,
 * - `DW = Σ_d log q(z_d) - log p(z)`, as `dimension-wise-kl`,
 *
 * which add up to `log q(z | x) - log p(z)`. Here `log q(z) = log Σ_j q(z | x_j) - log(examples batch)` over the batch's
 * examples j, and `log q(z_d)` the same in one dimension. The loss is infinite for a posterior whose dimensions are not
 * independent.
 */
export const terms =
  ({ alpha = 1, beta, gamma = 1 }: BetaTcVaeOptions) =>
  ({ decode, examples, images, noise, posterior, prior, time }: ObjectiveInputs): Terms => {
    const drawn = drawCodes(posterior, noise)
    const { codes, logProb } = drawn
    const reconstruction = tf.neg<tf.Tensor1D>(decode(codes).logProb(images))
    const found = divergenceTerm(divergence(posterior, prior, drawn))
    const { logProbByDimension } = posterior
    const [batch, latent] = codes.shape
    if (logProb === undefined || logProbByDimension === undefined) {
      return { loss: tf.fill([batch], Number.POSITIVE_INFINITY), reconstruction, ...found }
    }
    // Every code under every example's posterior: each code is a draw that all posteriors share.
    const repeated = tf.reshape(tf.tile(tf.expandDims(codes, 1), [1, batch, 1]), [batch * batch, latent])
    // `[posteriors, codes, latent]`.
    const pairwise = tf.transpose(
      tf.reshape(logProbByDimension(repeated as tf.Tensor2D), [batch, batch, latent]),
      [1, 0, 2]
    )
    const constant = Math.log(examples * batch)
    const joint = tf.sub<tf.Tensor1D>(logSumExp(tf.sum(pairwise, 2)), constant)
    const marginals = tf.sum<tf.Tensor1D>(tf.sub(logSumExp(pairwise), constant), 1)
    const parts = {
      "mutual-information": tf.sub<tf.Tensor1D>(logProb(), joint),
      "total-correlation": tf.sub<tf.Tensor1D>(joint, marginals),
      "dimension-wise-kl": tf.sub<tf.Tensor1D>(marginals, prior.logProb(codes))
    }
    const weighted = Object.values(parts).map((part, index) =>
      tf.mul<tf.Tensor1D>(part, valueAt([alpha, beta, gamma][index]!, time))
    )
    return {
      loss: weighted.reduce((sum, part) => tf.add(sum, part), reconstruction),
      reconstruction,
      ...found,
      ...parts
    }
  }

/**
 * Provides the objective; asks for a model whose posterior has independent dimensions. Fails with `ObjectiveError` where a
 * weight is negative or not finite.
 */
export const layer = (options: BetaTcVaeOptions): Layer.Layer<Objective, ObjectiveError, FactorizedPosterior> => {
  const { alpha = 1, beta, gamma = 1 } = options
  const weights = { alpha, beta, gamma }
  const reason = Object.entries(weights)
    .map(([name, weight]) => weightProblem(name, weight))
    .find((problem) => problem !== undefined)
  return objectiveLayer("BetaTcVae", reason, {
    spec: { _tag: "BetaTcVae", alpha: specOf(alpha), beta: specOf(beta), gamma: specOf(gamma) },
    scope: "batch",
    needsKl: Object.values(weights).some((weight) => maximumOf(weight) > 0),
    schedules: scheduled(weights),
    terms: terms(options)
  })
}
