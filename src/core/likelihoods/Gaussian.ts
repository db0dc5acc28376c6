/**
 * A Gaussian with a fixed deviation for each pixel: the squared error as a log density.
 *
 * Source: Kingma and Welling 2013, appendix C.2, https://arxiv.org/abs/1312.6114
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Likelihood } from "../Likelihood.ts"
import { sizeOf } from "../Tensors.ts"
import { positiveProblem } from "../OptionProblem.ts"

export interface GaussianLikelihoodOptions {
  /** Standard deviation of a pixel, in units of images in [0, 1]; above 0. */
  readonly deviation: number
  /** Function of the decoder's output that gives the mean; `linear` means may leave [0, 1]; default: `linear`. */
  readonly output?: "linear" | "sigmoid"
}

/**
 * `log p(x | z) = Σ -½ ((x - mean) / deviation)² - log deviation - ½ log 2π`, the density with its constants.
 *
 * With `deviation` 1 the gradient is that of half the summed squared error.
 */
export const GaussianLikelihood = (options: GaussianLikelihoodOptions): Likelihood => {
  const { deviation, output = "linear" } = options
  const precision = 1 / deviation ** 2
  const pixelConstant = -Math.log(deviation) - 0.5 * Math.log(2 * Math.PI)
  return {
    spec: { _tag: "GaussianLikelihood", deviation, output },
    problem: positiveProblem("deviation", deviation),
    fromOutput: (values) => {
      const mean = output === "sigmoid" ? tf.sigmoid(values) : values
      const constant = pixelConstant * sizeOf(values.shape.slice(1))
      return {
        mean,
        logProb: (images) =>
          tf.add(tf.mul(tf.sum(tf.squaredDifference(images, mean), [1, 2, 3]), -0.5 * precision), constant)
      }
    }
  }
}
