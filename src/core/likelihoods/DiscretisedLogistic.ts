/**
 * Probabilities of the 256 values of an 8-bit pixel: a logistic density, or a mixture of them, integrated over each
 * value's interval.
 *
 * Source: Salimans et al. 2017, section 2.1, https://arxiv.org/abs/1701.05517, without its coupling of the channels
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Likelihood } from "../Likelihood.ts"
import { logSumExp } from "../LogSumExp.ts"
import { stopGradient } from "../StopGradient.ts"
import { parameterMap } from "./ParameterMaps.ts"
import { countProblem } from "../OptionProblem.ts"

export interface DiscretisedLogisticOptions {
  /** Number of logistic distributions per pixel, at least 1; default: 1. */
  readonly components?: number
}

const levels = 256
/** Half the distance of two adjacent values, in units of images in [0, 1]. */
const half = 0.5 / (levels - 1)
/** Minimum of a log scale, at which one interval contains almost all of the mass. */
const leastLogScale = -7

/**
 * `log P(x)`, elementwise, of pixels in {0, 1/255, ..., 1} under a logistic distribution whose tails count as black and
 * white.
 *
 * With `a = (x + half - mean) / scale` and `b = a - 2 half / scale`, `P = sigmoid(a) - sigmoid(b)`. Its logarithm is
 * `log(1 - exp(b - a)) - softplus(-a) - softplus(b)`, which avoids cancellation and stays finite.
 */
const logProbability = (images: tf.Tensor4D, mean: tf.Tensor4D, output: tf.Tensor4D): tf.Tensor4D => {
  const logScale = tf.add(tf.softplus(tf.sub(output, leastLogScale)), leastLogScale)
  const inverse = tf.exp(tf.neg(logScale))
  const upper = tf.mul(tf.sub(tf.add(images, half), mean), inverse)
  const lower = tf.mul(tf.sub(tf.sub(images, half), mean), inverse)
  const atMost = tf.neg(tf.softplus(tf.neg(upper)))
  const above = tf.neg(tf.softplus(lower))
  const between = tf.add(tf.log(tf.neg(tf.expm1(tf.mul(inverse, -2 * half)))), tf.add(atMost, above))
  const black = stopGradient((x) => tf.lessEqual(x, half), images)
  const white = stopGradient((x) => tf.greaterEqual(x, 1 - half), images)
  return tf.where(black, atMost, tf.where(white, above, between)) as tf.Tensor4D
}

/**
 * `P(x | z) = Σ_k w_k (sigmoid((x + 1/510 - mean_k) / scale_k) - sigmoid((x - 1/510 - mean_k) / scale_k))` for each
 * value, with `w = softmax`. The decoder gives per value `components` means (through a sigmoid) and scales' logarithms,
 * and with more than one component their logits. `mean` is that of the components' centres.
 */
export const DiscretisedLogistic = (options: DiscretisedLogisticOptions = {}): Likelihood => {
  const { components = 1 } = options
  const outputs = components === 1 ? 2 : 3 * components
  return {
    spec: { _tag: "DiscretisedLogistic", components },
    problem: countProblem("components", components),
    outputs,
    levels,
    fromOutput: (output) => {
      const blocks = (first: number): ReadonlyArray<tf.Tensor4D> =>
        Array.from({ length: components }, (_, index) => parameterMap(output, outputs, first * components + index))
      const means = blocks(0).map((values) => tf.sigmoid(values))
      // `[components, batch, height, width, channels]`.
      const logits = (): tf.Tensor => tf.stack([...blocks(2)])
      const logWeights = (): tf.Tensor => tf.sub(logits(), tf.expandDims(logSumExp(logits()), 0))
      return {
        get mean() {
          if (components === 1) return means[0]!
          return tf.sum(tf.mul(tf.exp(logWeights()), tf.stack(means)), 0) as tf.Tensor4D
        },
        logProb: (images) => {
          const each = blocks(1).map((scales, index) => logProbability(images, means[index]!, scales))
          const all = components === 1 ? each[0]! : logSumExp(tf.add(tf.stack(each), logWeights()))
          return tf.sum(all, [1, 2, 3])
        }
      }
    }
  }
}
