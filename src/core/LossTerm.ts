/**
 * A term of a loss: one of the quantities whose sum training minimises.
 *
 * Laws: a value is `[batch]`, per example, and depends on that example alone; how a term reduces over pixels or latent
 * dimensions, and its constants, are its own, so that a loss can be written as its source wrote it. The mean over the
 * examples is taken once, outside.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { LikelihoodDistribution } from "./Likelihood.ts"
import type { PosteriorDistribution } from "./Posterior.ts"
import type { Spec } from "./Spec.ts"

/** What a term may look at. */
export interface LossTermInputs {
  /** `[batch, height, width, channels]` in [0, 1]. */
  readonly images: tf.Tensor4D
  readonly posterior: PosteriorDistribution
  /** `p(x | z)` at one code drawn per example. */
  readonly likelihood: LikelihoodDistribution
  /** `-log p(x | z)` in nats, `[batch]`, computed once for all terms. */
  readonly reconstruction: tf.Tensor1D
  /**
   * `KL(q(z | x) || p(z))` in nats, `[batch]`, computed once for all terms: exact or estimated, as the pair allows;
   * infinite where there is no density.
   */
  readonly kl: tf.Tensor1D
}

export interface LossTerm {
  readonly spec: Spec
  /** Under which a history shows it, such as `mean-squared-code`. */
  readonly name: string
  /** What is wrong with its options, in one sentence with the value and what is allowed; an objective refuses it. */
  readonly problem?: string | undefined
  /** Whether it uses `kl`; default: `false`. */
  readonly needsKl?: boolean
  /** `[batch]`. */
  readonly value: (inputs: LossTermInputs) => tf.Tensor1D
}

/** The number of pixels of each image, channels counted apart. */
export const pixelCount = (images: tf.Tensor4D): number => images.shape[1] * images.shape[2] * images.shape[3]
