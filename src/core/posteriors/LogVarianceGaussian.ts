/**
 * A diagonal Gaussian whose encoder gives the mean and the logarithm of the variance.
 *
 * Source: Kingma and Welling 2013, appendix C.2, https://arxiv.org/abs/1312.6114
 */
import * as tf from "@tensorflow/tfjs-core"
import type { FactorizedFamily } from "../Posterior.ts"
import { diagonalGaussian } from "./DiagonalGaussian.ts"

/** `deviation = exp(½ logVariance)`; finite for log-variances from -80 to 80. */
export const LogVarianceGaussian = (): FactorizedFamily => ({
  spec: { _tag: "LogVarianceGaussian" },
  factorized: true,
  heads: ["mean", "log-variance"],
  fromHeads: ([mean, logVariance]) => diagonalGaussian(mean!, tf.mul(logVariance!, 0.5))
})
