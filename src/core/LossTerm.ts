/**
 * The contract of loss terms, whose sum training minimises.
 *
 * Laws: a value is `[batch]`, per example, and depends on that example alone; how a term reduces over pixels or latent
 * dimensions, and its constants, are its own, so that a loss can be written as its source wrote it. The mean over the
 * examples is taken once, outside.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { LikelihoodDistribution } from "./Likelihood.ts"
import type { PosteriorDistribution } from "./Posterior.ts"
import type { Spec } from "./Spec.ts"

/** The inputs of a loss term. */
export interface LossTermInputs {
  /** `[batch, height, width, channels]` in [0, 1]. */
  readonly images: tf.Tensor4D
  readonly posterior: PosteriorDistribution
  /** `p(x | z)` at one code drawn per example. */
  readonly likelihood: LikelihoodDistribution
  /** `-log p(x | z)` in nats, `[batch]`, computed once for all terms. */
  readonly reconstruction: tf.Tensor1D
  /**
   * `KL(q(z | x) || p(z))` in nats, `[batch]`, computed once for all terms; exact, estimated, or infinite if there is
   * no density.
   */
  readonly kl: tf.Tensor1D
}

export interface LossTerm {
  readonly spec: Spec
  /** Name in the history, such as `mean-squared-code`. */
  readonly name: string
  /** The error of its options, as a sentence with the value and what is allowed; undefined if they are valid. */
  readonly problem?: string | undefined
  /** Whether it uses `kl`; default: `false`. */
  readonly needsKl?: boolean
  /** `[batch]`. */
  readonly value: (inputs: LossTermInputs) => tf.Tensor1D
}

/** Number of values per image: height * width * channels. */
export const pixelCount = (images: tf.Tensor4D): number => images.shape[1] * images.shape[2] * images.shape[3]
