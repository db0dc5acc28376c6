/**
 * A diagonal Gaussian whose encoder gives the mean and `rho`, with `deviation = log(1 + exp(rho))`.
 *
 * The deviation grows linearly in `rho`, not exponentially, so that a large step in `rho` does less harm.
 *
 * Source: Blundell et al. 2015, section 3.2, https://arxiv.org/abs/1505.05424
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Posterior } from "../Posterior.ts"
import { diagonalGaussian } from "./DiagonalGaussian.ts"

export interface SoftplusGaussianOptions {
  /** Added to the deviation, in units of the code: from 0, which is the default. */
  readonly floor?: number
}

const border = -4

/** `x - e/2 + 5e²/24` with `e = exp(x)`: `log(log(1 + e))` up to 1e-6, for x below the border. */
const series = (x: tf.Tensor2D): tf.Tensor2D => {
  const exponential = tf.exp(x)
  return tf.add(x, tf.mul(exponential, tf.sub(tf.mul(exponential, 5 / 24), 0.5)))
}

const seriesAtBorder = border - Math.exp(border) * (1 / 2 - (5 / 24) * Math.exp(border))

/**
 * `log(log(1 + exp(x)))`, elementwise, with values and gradients that are right where `exp(x)` is too small to be added
 * to 1.
 *
 * It is a series below -4 and the formula as it stands above. Each is given `x` held on its own side, where the other one
 * is constant, so neither can put a NaN into the gradient of the other.
 */
export const logSoftplus = (x: tf.Tensor2D): tf.Tensor2D => {
  const excess = tf.relu(tf.sub(x, border))
  const above: tf.Tensor2D = tf.log(tf.softplus(tf.add(excess, border)))
  return tf.add(above, tf.sub(series(tf.sub(x, excess)), seriesAtBorder))
}

/** `deviation = log(1 + exp(rho)) + floor`; finite for `rho` from -80 to 80 and beyond. */
export const SoftplusGaussian = (options: SoftplusGaussianOptions = {}): Posterior => {
  const { floor = 0 } = options
  return {
    spec: { _tag: "SoftplusGaussian", floor },
    problem: floor >= 0 && Number.isFinite(floor) ? undefined : `floor is ${floor}; it must be a number from 0`,
    heads: ["mean", "rho"],
    fromHeads: ([mean, rho]) => {
      const logDeviation = logSoftplus(rho!)
      return diagonalGaussian(mean!, floor === 0 ? logDeviation : tf.log(tf.add(tf.exp(logDeviation), floor)))
    }
  }
}
