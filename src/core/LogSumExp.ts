/**
 * A stable `log Σ exp(x)`.
 */
import * as tf from "@tensorflow/tfjs-core"

/**
 * `log Σ exp(x)` over the first axis, `[...rest]` from `[terms, ...rest]`; finite if the largest term is.
 *
 * Its derivative is the softmax, which reuses the exponentials.
 */
export const logSumExp = tf.customGrad<tf.Tensor>((...inputs) => {
  const [x, save] = inputs as [tf.Tensor, tf.GradSaveFunc]
  const largest = tf.max(x, 0, true)
  const exponentials = tf.exp(tf.sub(x, largest))
  const sum = tf.sum(exponentials, 0, true)
  save([exponentials, sum])
  return {
    value: tf.squeeze(tf.add(largest, tf.log(sum)), [0]),
    gradFunc: (weights, saved) => {
      const [exponentials, sum] = saved as [tf.Tensor, tf.Tensor]
      return tf.mul(exponentials, tf.div(weights, sum))
    }
  }
})
