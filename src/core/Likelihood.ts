/**
 * The likelihood `p(x | z)`: what the decoder's output says of an image.
 *
 * Laws: `logProb` is per example, summed over height, width and channels, in nats; `mean` has the unit of the images, is
 * in [0, 1] unless the family says otherwise, and can be shown as an image.
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
  /** What is wrong with its options, in one sentence with the value and what is allowed; a model refuses it. */
  readonly problem?: string | undefined
  /** Numbers that the decoder gives per value of an image. Default: 1. */
  readonly outputs?: number
  /**
   * Number of values that a pixel can take, where `logProb` is the logarithm of a probability and not of a density; then
   * nats convert to bits per dimension. Default: none.
   */
  readonly levels?: number
  /** Its own parameters by name, which train with the model. Default: none. */
  readonly parameters?: (image: ImageShape) => Readonly<Record<string, ParameterInfo>>
  /**
   * From the decoder's linear output, `[batch, height, width, outputs * channels]`: the first `channels` are the first
   * number of every value, and so on.
   */
  readonly fromOutput: (output: tf.Tensor4D, parameters?: Tensors) => LikelihoodDistribution
}
