/**
 * A Laplace distribution with a fixed scale for each pixel: the absolute error as a log density.
 *
 * Source: the L1 loss of Zhao et al. 2017, https://arxiv.org/abs/1511.08861, read as a likelihood
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Likelihood } from "../Likelihood.ts"
import { sizeOf } from "../Tensors.ts"
import { positiveProblem } from "../OptionProblem.ts"

export interface LaplaceLikelihoodOptions {
  /** Scale of a pixel, in units of images in [0, 1]; above 0. The deviation is `√2 scale`. */
  readonly scale: number
  /** Function of the decoder's output that gives the mean; `linear` means may leave [0, 1]; default: `linear`. */
  readonly output?: "linear" | "sigmoid"
}

/** `log p(x | z) = Σ -|x - mean| / scale - log(2 scale)`. The gradient at `x = mean` is 0. */
export const LaplaceLikelihood = (options: LaplaceLikelihoodOptions): Likelihood => {
  const { output = "linear", scale } = options
  return {
    spec: { _tag: "LaplaceLikelihood", scale, output },
    problem: positiveProblem("scale", scale),
    fromOutput: (values) => {
      const mean = output === "sigmoid" ? tf.sigmoid(values) : values
      const constant = -Math.log(2 * scale) * sizeOf(values.shape.slice(1))
      return {
        mean,
        logProb: (images) => tf.add(tf.mul(tf.sum(tf.abs(tf.sub(images, mean)), [1, 2, 3]), -1 / scale), constant)
      }
    }
  }
}
