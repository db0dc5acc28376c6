/**
 * A Gaussian for each pixel with a learned deviation, shared or per pixel, or with the optimal deviation of each image.
 *
 * Source: Rybkin, Daniilidis and Levine 2021, "Simple and Effective VAE Training with Calibrated Decoders",
 * https://arxiv.org/abs/2006.13202
 */
import * as tf from "@tensorflow/tfjs-core"
import { zeros } from "../Initializer.ts"
import type { Likelihood } from "../Likelihood.ts"
import { halfLogTwoPi } from "../posteriors/DiagonalGaussian.ts"
import { sizeOf } from "../Tensors.ts"
import { parameterMap } from "./ParameterMaps.ts"
import { choiceProblem, positiveProblem } from "../OptionProblem.ts"

export interface LearnedGaussianOptions {
  /**
   * - `global`: one parameter of the model, the same for every pixel of every image;
   * - `pixel`: a second output of the decoder for each value of an image;
   * - `optimal`: the root mean squared error of the image itself, which maximises its density (σ-VAE). `logProb` is
   *   that maximum and not a density, so it is not comparable with the other two.
   */
  readonly deviation: "global" | "pixel" | "optimal"
  /** Function of the decoder's output that gives the mean; `linear` means may leave [0, 1]; default: `sigmoid`. */
  readonly output?: "linear" | "sigmoid"
  /** Minimum deviation, which bounds the density, in units of images in [0, 1]; above 0; default: 0.01. */
  readonly floor?: number
}

const choices = ["global", "pixel", "optimal"]

/** `Σ -½ (error / deviation)² - log deviation - ½ log 2π` over height, width and channels, `[batch]`. */
const logDensity = (error: tf.Tensor4D, logDeviation: tf.Tensor): tf.Tensor1D => {
  const standardised = tf.mul(error, tf.exp(tf.neg(logDeviation)))
  return tf.neg(tf.sum(tf.add(tf.add(tf.mul(tf.square(standardised), 0.5), logDeviation), halfLogTwoPi), [1, 2, 3]))
}

/** A smooth `log max(exp(x), floor)`: `log(floor) + softplus(x - log(floor))`. */
const above = (floor: number, x: tf.Tensor): tf.Tensor =>
  tf.add(tf.softplus(tf.sub(x, Math.log(floor))), Math.log(floor))

/**
 * `log p(x | z) = Σ -½ ((x - mean) / deviation)² - log deviation - ½ log 2π`.
 *
 * A learned deviation is `exp(s)`, kept above the floor, where `s` is the parameter `log-deviation` or an output.
 * The optimal one is `deviation² = floor² + Σ (x - mean)² / pixels` per image.
 */
export const LearnedGaussian = (options: LearnedGaussianOptions): Likelihood => {
  const { deviation, floor = 0.01, output = "sigmoid" } = options
  return {
    spec: { _tag: "LearnedGaussian", deviation, output, floor },
    problem: choiceProblem("deviation", deviation, choices) ?? positiveProblem("floor", floor),
    outputs: deviation === "pixel" ? 2 : 1,
    ...(deviation === "global" && {
      parameters: () => ({ "log-deviation": { shape: [], initializer: zeros } })
    }),
    fromOutput: (values, parameters = {}) => {
      const first = deviation === "pixel" ? parameterMap(values, 2, 0) : values
      const mean = output === "sigmoid" ? tf.sigmoid(first) : first
      return {
        mean,
        logProb: (images) => {
          const error = tf.sub<tf.Tensor4D>(images, mean)
          if (deviation === "global") return logDensity(error, above(floor, parameters["log-deviation"]!))
          if (deviation === "pixel") return logDensity(error, above(floor, parameterMap(values, 2, 1)))
          const variance = tf.add(tf.mean(tf.square(error), [1, 2, 3]), floor ** 2)
          const constant = -sizeOf(values.shape.slice(1)) * (halfLogTwoPi + 0.5)
          return tf.add(tf.mul(tf.log(variance), -0.5 * sizeOf(values.shape.slice(1))), constant)
        }
      }
    }
  }
}
