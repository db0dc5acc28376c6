/**
 * A diagonal Gaussian whose encoder gives the mean and `rho`, with `deviation = log(1 + exp(rho))`.
 *
 * The deviation grows linearly in `rho`, not exponentially, so that a large step in `rho` does less harm.
 *
 * Source: Blundell et al. 2015, section 3.2, https://arxiv.org/abs/1505.05424
 */
import * as tf from "@tensorflow/tfjs-core"
import type { FactorizedFamily } from "../Posterior.ts"
import { diagonalGaussian } from "./DiagonalGaussian.ts"

export interface SoftplusGaussianOptions {
  /** Added to the deviation, in units of the code: from 0, which is the default. */
  readonly floor?: number
}

/** Below this, `log(log(1 + exp(x)))` is `x` to float32's precision: the difference is `exp(x) / 2`. */
const border = -16

/**
 * `log(log(1 + exp(x)))`, elementwise, with values and gradients that stay finite and right where `exp(x)` vanishes.
 *
 * `x` is split into what reaches above the border and what falls below it; where one part varies the other is constant,
 * so neither can put a NaN into the gradient of the other.
 */
export const logSoftplus = (x: tf.Tensor2D): tf.Tensor2D => {
  const distance = tf.sub(x, border)
  const above = tf.relu(distance)
  const below = tf.sub(distance, above)
  return tf.add(tf.log(tf.softplus(tf.add(above, border))), below)
}

/** `deviation = log(1 + exp(rho)) + floor`; finite for `rho` from -80 to 80 and beyond. */
export const SoftplusGaussian = (options: SoftplusGaussianOptions = {}): FactorizedFamily => {
  const { floor = 0 } = options
  return {
    spec: { _tag: "SoftplusGaussian", floor },
    problem: floor >= 0 && Number.isFinite(floor) ? undefined : `floor is ${floor}; it must be a non-negative number`,
    factorized: true,
    heads: ["mean", "rho"],
    fromHeads: ([mean, rho]) => {
      const logDeviation = logSoftplus(rho!)
      return diagonalGaussian(mean!, floor === 0 ? logDeviation : tf.log(tf.add(tf.exp(logDeviation), floor)))
    }
  }
}
