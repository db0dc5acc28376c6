/**
 * What Gaussians with independent dimensions share, however their deviation is parametrised.
 *
 * Source: Kingma and Welling 2013, appendix B, https://arxiv.org/abs/1312.6114
 */
import * as tf from "@tensorflow/tfjs-core"
import type { PosteriorDistribution } from "../Posterior.ts"

/** `½ log 2π`, of the density of a standard normal number. */
export const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)

/**
 * `f` of noise or codes `[draws * batch, latent]`, which sees them as `[draws, batch, latent]`, so that what it adds of
 * the shape `[batch, latent]` is added to every draw.
 */
export const everyDraw = (batch: number, rows: tf.Tensor2D, f: (rows: tf.Tensor) => tf.Tensor): tf.Tensor2D =>
  rows.shape[0] === batch
    ? (f(rows) as tf.Tensor2D)
    : tf.reshape(f(tf.reshape(rows, [-1, batch, rows.shape[1]])), rows.shape)

/**
 * `N(mean, diag(deviation²))` from its mean and the logarithm of its deviation, both `[batch, latent]`.
 *
 * `kl` is `½ Σ (mean² + deviation² - 1 - log deviation²)`, written with `expm1` so that it does not fall below 0 near the
 * prior. `logProb` multiplies by `exp(-log deviation)` before it squares: finite for the distribution's own samples
 * wherever `deviation` and its inverse are.
 */
export const diagonalGaussian = (mean: tf.Tensor2D, logDeviation: tf.Tensor2D): PosteriorDistribution => {
  const deviation = tf.exp(logDeviation)
  const batch = mean.shape[0]
  const twiceKl = (): tf.Tensor2D => {
    const logVariance = tf.mul(logDeviation, 2)
    return tf.add(tf.square(mean), tf.sub(tf.expm1(logVariance), logVariance))
  }
  /** `-log q(z_d | x)`. */
  const terms = (codes: tf.Tensor2D): tf.Tensor2D =>
    everyDraw(batch, codes, (codes) => {
      const standardised = tf.mul(tf.sub(codes, mean), tf.exp(tf.neg(logDeviation)))
      return tf.add(tf.add(tf.mul(tf.square(standardised), 0.5), logDeviation), halfLogTwoPi)
    })
  return {
    mean,
    deviation,
    sample: (noise) => everyDraw(batch, noise, (noise) => tf.add(mean, tf.mul(deviation, noise))),
    logProb: (codes) => tf.neg(tf.sum(terms(codes), 1)),
    logProbByDimension: (codes) => tf.neg(terms(codes)),
    klByDimension: () => tf.mul(twiceKl(), 0.5),
    kl: () => tf.mul(tf.sum(twiceKl(), 1), 0.5)
  }
}
