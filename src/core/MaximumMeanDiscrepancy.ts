/**
 * The maximum mean discrepancy of two samples; its expectation is 0 if they have the same distribution.
 *
 * Source: Gretton et al. 2012, lemma 6, https://jmlr.org/papers/v13/gretton12a.html
 */
import * as tf from "@tensorflow/tfjs-core"

/** Kernels, as functions of squared distances. */
export type Kernel = "inverse-multiquadratic" | "gaussian"

export const kernels: ReadonlyArray<Kernel> = ["inverse-multiquadratic", "gaussian"]

/** Scales of the inverse multiquadratic kernels in the sum, as in Tolstikhin et al. 2018. */
const widths = [0.1, 0.2, 0.5, 1, 2, 5, 10]

/** `Σ (a - b)²` over the last axis of each pair, `[rows of a, rows of b]`. */
const squaredDistances = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D =>
  tf.sum(tf.square(tf.sub(tf.expandDims(a, 1), tf.expandDims(b, 0))), 2)

/** The kernel of squared distances between codes of `latent` dimensions; for N(0, I) their mean is `2 latent`. */
const kernelOf = (kernel: Kernel, distances: tf.Tensor2D, latent: number): tf.Tensor2D =>
  kernel === "gaussian"
    ? tf.exp(tf.mul(distances, -1 / (2 * latent)))
    : tf.addN(widths.map((width) => tf.div<tf.Tensor2D>(2 * latent * width, tf.add(distances, 2 * latent * width))))

/**
 * `E k(a, a') + E k(b, b') - 2 E k(a, b)`, a scalar, for samples `[rows, latent]` of equal size. This is the unbiased
 * estimator, which excludes pairs of a sample with itself and may be slightly negative. 0 for a single row.
 *
 * `gaussian`: `k = exp(-d² / (2 latent))`. `inverse-multiquadratic`: `Σ_s C / (C + d²)` with `C = 2 latent s` over the
 * scales s from 0.1 to 10.
 */
export const maximumMeanDiscrepancy = (kernel: Kernel, a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar => {
  const [rows, latent] = a.shape
  if (rows === 1) return tf.scalar(0)
  const among = (x: tf.Tensor2D): tf.Tensor => {
    const values = kernelOf(kernel, squaredDistances(x, x), latent)
    return tf.div(tf.sum(tf.mul(values, tf.sub(1, tf.eye(rows)))), rows * (rows - 1))
  }
  const between = tf.mean(kernelOf(kernel, squaredDistances(a, b), latent))
  return tf.sub(tf.add(among(a), among(b)), tf.mul(between, 2))
}
