/**
 * Importance weights `p(x, z) / q(z | x)` of drawn codes, whose mean estimates `p(x)` without bias.
 *
 * Source: Burda, Grosse and Salakhutdinov 2015, section 3, https://arxiv.org/abs/1509.00519
 */
import * as tf from "@tensorflow/tfjs-core"
import { divergence, divergenceTerm, drawCodes } from "./Divergence.ts"
import { logSumExp } from "./LogSumExp.ts"
import type { Drawn } from "./Posterior.ts"
import type { ObjectiveInputs, Terms } from "./Objective.ts"
import { detach, gradientOnly, stopGradient } from "./StopGradient.ts"

/** Weights of the draws, `[draws * batch]`, and the likelihood among them. */
export interface ImportanceWeights {
  /** `log p(x | z)` in nats. */
  readonly logLikelihood: tf.Tensor1D
  /** `log p(x | z) + log p(z) - log q(z | x)` in nats. */
  readonly logWeights: tf.Tensor1D
}

type Joint = Pick<ObjectiveInputs, "decode" | "images" | "prior">

/** `log p(x | z)` and `log p(x, z)` in nats, `[draws * batch]` each, of codes `[draws * batch, latent]`. */
export const logJoint = (
  { decode, images, prior }: Joint,
  codes: tf.Tensor2D
): { readonly logLikelihood: tf.Tensor1D; readonly logJoint: tf.Tensor1D } => {
  const draws = codes.shape[0] / images.shape[0]
  const logLikelihood = decode(codes).logProb(draws === 1 ? images : tf.tile(images, [draws, 1, 1, 1]))
  return { logLikelihood, logJoint: tf.add(logLikelihood, prior.logProb(codes)) }
}

/** The weights of codes `[draws * batch, latent]`; undefined for a posterior without a density. */
export const importanceWeights = (joint: Joint, { codes, logProb }: Drawn): ImportanceWeights | undefined => {
  if (logProb === undefined) return undefined
  const found = logJoint(joint, codes)
  return { logLikelihood: found.logLikelihood, logWeights: tf.sub(found.logJoint, logProb()) }
}

// For the objectives by importance weights.

/** Codes of a batch and their weights. */
export interface WeightedDraws {
  readonly codes: tf.Tensor2D
  /** Logarithms of the weights in nats, `[draws, batch]`. */
  readonly logWeights: tf.Tensor2D
}

/** Values `[draws * batch]`, draw after draw, as `[draws, batch]`. */
export const byDraw = (values: tf.Tensor, draws: number): tf.Tensor2D => tf.reshape(values, [draws, -1])

/** `log 1/n Σ w` over the first axis, `[...rest]` from logarithms of weights `[n, ...rest]`. */
export const logMeanWeight = (logWeights: tf.Tensor): tf.Tensor =>
  tf.sub(logSumExp(logWeights), Math.log(logWeights.shape[0]!))

/** `w / Σ w` over the first axis, `[n, ...rest]` from logarithms of weights of this shape; constants for gradients. */
export const normalisedWeights = (logWeights: tf.Tensor): tf.Tensor =>
  stopGradient((values) => tf.exp(tf.sub(values, logSumExp(values))), logWeights)

/**
 * The terms of an objective whose loss, `[batch]`, is a function of the weights of `draws` codes per example.
 *
 * `reconstruction` is the mean of `-log p(x | z)` over the codes; the divergence is reported and has no part in the loss.
 * A posterior without a density has an infinite loss.
 */
export const weightedTerms = (
  inputs: ObjectiveInputs,
  draws: number,
  loss: (weighted: WeightedDraws) => tf.Tensor
): Terms => {
  const { decode, images, noise, posterior, prior } = inputs
  const drawn = drawCodes(posterior, noise)
  const weights = importanceWeights(inputs, drawn)
  if (weights === undefined) {
    const reconstruction = tf.neg<tf.Tensor1D>(decode(posterior.mean).logProb(images))
    return { loss: tf.fill([images.shape[0]], Number.POSITIVE_INFINITY), reconstruction }
  }
  return {
    loss: loss({ codes: drawn.codes, logWeights: byDraw(weights.logWeights, draws) }) as tf.Tensor1D,
    reconstruction: tf.neg(tf.mean(byDraw(weights.logLikelihood, draws), 0)),
    ...divergenceTerm(divergence(posterior, prior, drawn))
  }
}

/** `value` with the gradient of `surrogate`; both `[batch]`. */
export const withGradientOf = (surrogate: tf.Tensor, value: tf.Tensor): tf.Tensor =>
  tf.add(detach(value), gradientOnly(surrogate))
