/**
 * Splits a decoder's output for likelihoods with several parameters per value of an image.
 */
import * as tf from "@tensorflow/tfjs-core"

/**
 * The `index`-th parameter of every value, `[batch, height, width, channels]`, of `[batch, height, width, count *
 * channels]`.
 */
export const parameterMap = (output: tf.Tensor4D, count: number, index: number): tf.Tensor4D => {
  const [batch, height, width, depth] = output.shape
  const channels = depth / count
  return tf.slice(output, [0, 0, 0, index * channels], [batch, height, width, channels])
}
