/**
 * The concrete distribution, also called Gumbel-softmax: a relaxation of choices to positive vectors that add up to 1.
 *
 * Shapes: codes, logits and noise are `[..., categories]`. At temperature 0 codes are choices, and the place of the
 * greatest entry is a choice at any temperature.
 *
 * Source: Maddison, Mnih and Teh 2017, eq. 10 and appendix C, https://arxiv.org/abs/1611.00712; Jang, Gu and Poole 2017,
 * https://arxiv.org/abs/1611.01144
 */
import * as tf from "@tensorflow/tfjs-core"
import { logSumExp } from "./LogSumExp.ts"

/** The least probability of either tail of the noise, so that its logarithm is finite. */
const tail = 2 ** -25

/** The least entry of a code whose logarithm counts. */
const least = 1e-30

/**
 * Standard Gumbel noise `-log(-log Φ(normal))` from standard normal noise. Values are between -2.9 and 17.3: what lies
 * beyond has a probability of 3e-8 on each side.
 */
export const gumbelNoise = (normal: tf.Tensor): tf.Tensor => {
  const probability = tf.mul(tf.add(tf.erf(tf.mul(normal, Math.SQRT1_2)), 1), 0.5)
  // `Φ` rounds to 1 before its logarithm would become this small.
  const exponential = tf.maximum(tf.neg(tf.log(tf.maximum(probability, tail))), tail)
  return tf.neg(tf.log(exponential))
}

/**
 * `log p(z)` of relaxed codes in nats, `[...]`, with `z_k` at least 1e-30:
 * `log Γ(K) + (K - 1) log τ + Σ_k (logits_k - (τ + 1) log z_k) - K log Σ_k exp(logits_k - τ log z_k)`.
 */
export const concreteLogProb = (codes: tf.Tensor, logits: tf.Tensor, temperature: number | tf.Scalar): tf.Tensor => {
  const categories = codes.shape.at(-1)!
  let logGamma = 0
  for (let factor = 2; factor < categories; factor++) logGamma += Math.log(factor)
  const logCodes = tf.log(tf.maximum(codes, least))
  const tempered = tf.sub(logits, tf.mul(logCodes, temperature))
  const last = tempered.rank - 1
  const normaliser = logSumExp(tf.transpose(tempered, [last, ...tempered.shape.keys()].slice(0, tempered.rank)))
  const logTemperature = typeof temperature === "number" ? Math.log(temperature) : tf.log(temperature)
  return tf.add(
    tf.sub(tf.sum(tf.sub(tempered, logCodes), -1), tf.mul(normaliser, categories)),
    tf.add(tf.mul(logTemperature, categories - 1), logGamma)
  )
}
