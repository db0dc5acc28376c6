/**
 * The contract of likelihoods: `p(x | z)`, parametrised by the decoder's output.
 *
 * Laws: `logProb` is per example, summed over height, width and channels, in nats; `mean` has the unit of the images,
 * is in [0, 1] unless the family says otherwise, and can be shown as an image.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { ImageShape } from "./Dataset.ts"
import type { ParameterInfo } from "./ParameterInfo.ts"
import type { Spec } from "./Spec.ts"
import type { Tensors } from "./Tensors.ts"

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
  /** The error of its options, as a sentence with the value and what is allowed; undefined if they are valid. */
  readonly problem?: string | undefined
  /** Number of decoder outputs per value of an image; default: 1. */
  readonly outputs?: number
  /**
   * Number of values that a pixel can take, if `logProb` is the logarithm of a probability and not of a density. Nats
   * then convert to bits per dimension. Default: none.
   */
  readonly levels?: number
  /** Its own trainable parameters by name; default: none. */
  readonly parameters?: (image: ImageShape) => Readonly<Record<string, ParameterInfo>>
  /**
   * The distribution from the decoder's linear output, `[batch, height, width, outputs * channels]`; the first
   * `channels` are the first output of every value, and so on.
   */
  readonly fromOutput: (output: tf.Tensor4D, parameters?: Tensors) => LikelihoodDistribution
}
