/**
 * Choices as vectors of 0 and 1, by comparisons alone, which every engine has code for.
 */
import * as tf from "@tensorflow/tfjs-core"
import { stopGradient } from "./StopGradient.ts"

/** `K, K - 1, ..., 1`: ranks of the last axis, the first place highest. */
const ranks = (x: tf.Tensor): tf.Tensor => {
  const count = x.shape.at(-1)!
  return tf.tensor1d(Array.from({ length: count }, (_, index) => count - index))
}

/**
 * 1 at the greatest value along the last axis, the first of equal ones, and 0 elsewhere: `[..., K]`, without a gradient.
 */
export const oneHotOfGreatest = <T extends tf.Tensor>(x: T): T =>
  stopGradient((values) => {
    const greatest = tf.cast(tf.equal(values, tf.max(values, -1, true)), "float32")
    const ranked = tf.mul(greatest, ranks(values))
    return tf.cast(tf.equal(ranked, tf.max(ranked, -1, true)), "float32") as T
  }, x)

/** 1 at the place that a number counts to from 0, and 0 elsewhere: `[..., categories]` from `[...]`, without a gradient. */
export const oneHotAt = (places: tf.Tensor, categories: number): tf.Tensor => {
  const all = tf.tensor1d(Array.from({ length: categories }, (_, place) => place))
  return tf.cast(tf.equal(tf.expandDims(places, -1), all), "float32")
}

/** The places of the ones, `[...]`, for `[..., K]`. */
export const placesOf = (oneHot: tf.Tensor): tf.Tensor => {
  const count = oneHot.shape.at(-1)!
  return tf.sum(tf.mul(oneHot, tf.sub(count, ranks(oneHot))), -1)
}
