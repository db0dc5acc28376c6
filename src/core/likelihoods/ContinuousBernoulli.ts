/**
 * The continuous Bernoulli: a density on [0, 1] for each pixel, by its logit. Unlike `BernoulliLogits` it is normalised
 * for grey pixels.
 *
 * Source: Loaiza-Ganem and Cunningham 2019, eq. 7 and 8, https://arxiv.org/abs/1907.06845
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Likelihood } from "../Likelihood.ts"
import { stopGradient } from "../StopGradient.ts"

/** Logits below this magnitude use the series, whose next term is below float32's precision there. */
const border = 0.6

/** Whether a logit uses the series, and the argument of each formula, with a safe value where the other one applies. */
const split = (logits: tf.Tensor) => {
  const near = stopGradient((x) => tf.less(tf.abs(x), border), logits)
  return {
    near,
    small: tf.where(near, logits, tf.zerosLike(logits)),
    large: tf.where(near, tf.onesLike(logits), logits)
  }
}

/**
 * `log C`, elementwise, where `C = ∫ exp(logit x) dx` over [0, 1] is `(exp(logit) - 1) / logit`.
 *
 * With `a = |logit|`, `log C = max(logit, 0) + log(1 - exp(-a)) - log a`; near 0 the series
 * `logit / 2 + logit² / 24 - logit⁴ / 2880 + logit⁶ / 181440`, where the closed form is 0 / 0.
 */
const logNormaliser = (logits: tf.Tensor): tf.Tensor => {
  const { large, near, small } = split(logits)
  const size = tf.abs(large)
  const closed = tf.add(tf.relu(large), tf.log(tf.div(tf.neg(tf.expm1(tf.neg(size))), size)))
  const square = tf.square(small)
  const series = tf.add(
    tf.mul(small, 0.5),
    tf.mul(square, tf.add(tf.mul(square, tf.add(tf.mul(square, 1 / 181_440), -1 / 2880)), 1 / 24))
  )
  return tf.where(near, series, closed)
}

/**
 * The mean, elementwise: the derivative of `log C`, `1 / (1 - exp(-logit)) - 1 / logit`; near 0 the series
 * `½ + logit / 12 - logit³ / 720 + logit⁵ / 30240`.
 */
const meanOf = (logits: tf.Tensor4D): tf.Tensor4D => {
  const { large, near, small } = split(logits)
  // By `a = |logit|`, so that nothing overflows: the mean at -a is 1 minus that at a.
  const size = tf.abs(large)
  const above = tf.sub(tf.neg(tf.reciprocal(tf.expm1(tf.neg(size)))), tf.reciprocal(size))
  const closed = tf.where(
    stopGradient((x) => tf.greater(x, 0), large),
    above,
    tf.sub(1, above)
  )
  const square = tf.square(small)
  const series = tf.add(
    tf.mul(small, tf.add(tf.mul(square, tf.add(tf.mul(square, 1 / 30_240), -1 / 720)), 1 / 12)),
    0.5
  )
  return tf.where(near, series, closed) as tf.Tensor4D
}

/** `log p(x | z) = Σ x logit - log C(logit)`; the mean lies in (0, 1), not at `sigmoid(logit)`. */
export const ContinuousBernoulli = (): Likelihood => ({
  spec: { _tag: "ContinuousBernoulli" },
  fromOutput: (logits) => ({
    get mean() {
      return meanOf(logits)
    },
    logProb: (images) => tf.sum(tf.sub(tf.mul(images, logits), logNormaliser(logits)), [1, 2, 3])
  })
})
