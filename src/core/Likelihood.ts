/**
 * The likelihood `p(x | z)`: what the decoder's output says of an image.
 *
 * Laws: `logProb` is per example, summed over height, width and channels, in nats; `mean` lies where images lie, in [0, 1]
 * for data scaled to [0, 1], and can be shown as an image.
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
  /** From the decoder's linear output, `[batch, height, width, channels]`. */
  readonly fromOutput: (output: tf.Tensor4D) => LikelihoodDistribution
}
