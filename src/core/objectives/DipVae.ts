/**
 * The DIP-VAE: the ELBO with a penalty that pulls the covariance of the aggregated posterior to the identity.
 *
 * Looks at a batch, from whose posteriors the covariance is estimated.
 *
 * Source: Kumar, Sattigeri and Balakrishnan 2018, eq. 6 and 7, https://arxiv.org/abs/1711.00848
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Layer } from "effect"
import { divergence, divergenceTerm, drawCodes } from "../Divergence.ts"
import type { FactorizedPosterior } from "../Model.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import { type Numeric, scheduled, specOf, valueAt, weightProblem } from "../Schedule.ts"
import { choiceProblem } from "../OptionProblem.ts"

export interface DipVaeOptions {
  /** `I`: the covariance of the posterior means; `II`: that and the mean posterior variance, the covariance of codes. */
  readonly kind: "I" | "II"
  /** Weight of the squared covariances of different dimensions, from 0. */
  readonly offDiagonal: Numeric
  /** Weight of the squared distances of variances from 1, from 0. */
  readonly diagonal: Numeric
}

/** `Cov[mean]` over the batch, `[latent, latent]`; of kind II `Cov[mean] + E[diag(deviation²)]`. */
const covarianceOf = (kind: "I" | "II", { deviation, mean }: ObjectiveInputs["posterior"]): tf.Tensor2D => {
  const [batch, latent] = mean.shape
  const centred = tf.sub<tf.Tensor2D>(mean, tf.mean(mean, 0, true))
  const ofMeans = tf.mul<tf.Tensor2D>(tf.matMul(centred, centred, true, false), 1 / batch)
  if (kind === "I") return ofMeans
  return tf.add(ofMeans, tf.mul(tf.eye(latent), tf.mean(tf.square(deviation), 0)))
}

/**
 * `loss = -log p(x | z) + KL + offDiagonal Σ_{i≠j} cov_ij² + diagonal Σ_i (cov_ii - 1)²`, `[batch]`, where the penalty,
 * reported as `covariance-penalty`, is the same for every example of the batch. Infinite for a posterior without a density.
 */
export const terms =
  ({ diagonal, kind, offDiagonal }: DipVaeOptions) =>
  ({ decode, images, noise, posterior, prior, time }: ObjectiveInputs): Terms => {
    const drawn = drawCodes(posterior, noise)
    const reconstruction = tf.neg<tf.Tensor1D>(decode(drawn.codes).logProb(images))
    const found = divergence(posterior, prior, drawn)
    const [batch, latent] = posterior.mean.shape
    const others = { reconstruction, ...divergenceTerm(found) }
    if (found === undefined) return { loss: tf.fill([batch], Number.POSITIVE_INFINITY), ...others }
    const identity = tf.eye(latent)
    const squares = tf.square(tf.sub(covarianceOf(kind, posterior), identity))
    const onDiagonal = tf.mul(tf.sum(tf.mul(squares, identity)), valueAt(diagonal, time))
    const offIt = tf.mul(tf.sum(tf.mul(squares, tf.sub(1, identity))), valueAt(offDiagonal, time))
    const penalty = tf.add(tf.zeros<tf.Rank.R1>([batch]), tf.add(onDiagonal, offIt)) as tf.Tensor1D
    return { loss: tf.addN([reconstruction, found.value, penalty]), ...others, "covariance-penalty": penalty }
  }

/**
 * Provides the objective; asks for a model whose posterior has independent dimensions. Fails with `ObjectiveError` where an
 * option is not allowed.
 */
export const layer = (options: DipVaeOptions): Layer.Layer<Objective, ObjectiveError, FactorizedPosterior> => {
  const { diagonal, kind, offDiagonal } = options
  const reason =
    weightProblem("offDiagonal", offDiagonal) ??
    weightProblem("diagonal", diagonal) ??
    choiceProblem("kind", kind, ["I", "II"])
  return objectiveLayer("DipVae", reason, {
    spec: { _tag: "DipVae", kind, offDiagonal: specOf(offDiagonal), diagonal: specOf(diagonal) },
    scope: "batch",
    needsKl: true,
    schedules: scheduled({ offDiagonal, diagonal }),
    terms: terms(options)
  })
}
