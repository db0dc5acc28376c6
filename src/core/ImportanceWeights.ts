/**
 * Importance weights `p(x, z) / q(z | x)` of drawn codes, whose mean estimates `p(x)` without bias.
 *
 * Source: Burda, Grosse and Salakhutdinov 2015, section 3, https://arxiv.org/abs/1509.00519
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Drawn } from "./Posterior.ts"
import type { ObjectiveInputs } from "./Objective.ts"

/** Weights of the draws, `[draws * batch]`, and the likelihood among them. */
export interface ImportanceWeights {
  /** `log p(x | z)` in nats. */
  readonly logLikelihood: tf.Tensor1D
  /** `log p(x | z) + log p(z) - log q(z | x)` in nats. */
  readonly logWeights: tf.Tensor1D
}

/** The weights of codes `[draws * batch, latent]`; undefined for a posterior without a density. */
export const importanceWeights = (
  { decode, images, prior }: Pick<ObjectiveInputs, "decode" | "images" | "prior">,
  { codes, logProb }: Drawn
): ImportanceWeights | undefined => {
  if (logProb === undefined) return undefined
  const draws = codes.shape[0] / images.shape[0]
  const logLikelihood = decode(codes).logProb(draws === 1 ? images : tf.tile(images, [draws, 1, 1, 1]))
  return { logLikelihood, logWeights: tf.sub(tf.add(logLikelihood, prior.logProb(codes)), logProb()) }
}
