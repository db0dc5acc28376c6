/**
 * Random orders of a batch from noise, by comparisons and products alone, which every engine has code for.
 */
import * as tf from "@tensorflow/tfjs-core"

/**
 * Each column of `values` `[batch, columns]` in an order of its own: that of the column's uniform `noise`
 * `[batch, columns]`. Equal numbers keep their order.
 */
export const permuteColumns = (values: tf.Tensor2D, noise: tf.Tensor2D): tf.Tensor2D => {
  const [batch] = values.shape
  const places = tf.tensor1d(Array.from({ length: batch }, (_, place) => place))
  const rows = tf.expandDims(places, 1)
  /** `[columns, batch, batch]`. */
  const keys = tf.transpose(noise)
  const [own, others] = [tf.expandDims(keys, 2), tf.expandDims(keys, 1)]
  const earlier = tf.less(tf.expandDims(places, 0), rows)
  const before = tf.logicalOr(tf.less(others, own), tf.logicalAnd(tf.equal(others, own), earlier))
  /** The place of each row in its column's order, `[columns, batch]`. */
  const ranks = tf.sum(tf.cast(before, "float32"), 2)
  const moved = tf.cast(tf.equal(tf.expandDims(ranks, 1), rows), "float32")
  return tf.transpose(tf.sum(tf.mul(moved, tf.expandDims(tf.transpose(values), 1)), 2)) as tf.Tensor2D
}
