/**
 * A Bernoulli distribution for each pixel, by its logit. Grey pixels count as probabilities.
 *
 * Source: Kingma and Welling 2013, appendix C.1, https://arxiv.org/abs/1312.6114
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Likelihood } from "../Likelihood.ts"

/** Below this logit, `exp(-logit)` approaches float32's maximum, and `log(1 + exp(logit))` is 0 in float32. */
const lowest = -80

/**
 * `Σ x logit - log(1 + exp(logit))` over height, width and channels, `[batch]`.
 *
 * With `s = 1 + exp(-logit)`, `log(1 + exp(logit))` is `logit + log s` and its derivative `1 / s`. The derivatives are
 * written out so that both use `s`, which halves the passes over the pixels in a training step.
 */
const logProb = tf.customGrad<tf.Tensor1D>((...inputs) => {
  const [images, logits, save] = inputs as [tf.Tensor4D, tf.Tensor4D, tf.GradSaveFunc]
  const bounded = tf.maximum(logits, lowest)
  const sum = tf.add(tf.exp(tf.neg(bounded)), 1)
  save([images, logits, sum])
  return {
    value: tf.sum<tf.Tensor1D>(tf.sub(tf.sub(tf.mul(images, logits), bounded), tf.log(sum)), [1, 2, 3]),
    gradFunc: (weights, saved) => {
      const [images, logits, sum] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]
      const perExample = tf.reshape(weights, [-1, 1, 1, 1])
      return [tf.mul(logits, perExample), tf.mul(tf.sub(images, tf.reciprocal(sum)), perExample)]
    }
  }
})

/** `log p(x | z) = Σ x logits - log(1 + exp(logits))`, finite for logits of any size; the mean is `sigmoid(logits)`. */
export const BernoulliLogits = (): Likelihood => ({
  spec: { _tag: "BernoulliLogits" },
  fromOutput: (logits) => ({
    // Computed on demand, because training does not use the mean.
    get mean() {
      return tf.sigmoid(logits)
    },
    logProb: (images) => logProb(images, logits)
  })
})
