/**
 * The likelihood `p(x | z)`: what the decoder's output says of an image.
 *
 * Laws: `logProb` is per example, summed over height, width and channels, in nats; `mean` has the unit of the images, is
 * in [0, 1] unless the family says otherwise, and can be shown as an image.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Spec } from "./Spec.ts"

/** `p(x | z)` for a batch. */
export interface LikelihoodDistribution {
  /** `[batch, height, width, channels]`. */
  readonly mean: tf.Tensor4D
  /** `log p(x | z)` in nats, `[batch]`, for images `[batch, height, width, channels]` in [0, 1]. */
  readonly logProb: (images: tf.Tensor4D) => tf.Tensor1D
}

/** A family of likelihoods. */
export interface Likelihood {
  readonly spec: Spec
  /** What is wrong with its options, in one sentence with the value and what is allowed; a model refuses it. */
  readonly problem?: string | undefined
  /** From the decoder's linear output, `[batch, height, width, channels]`. */
  readonly fromOutput: (output: tf.Tensor4D) => LikelihoodDistribution
}
