/**
 * Objectives by importance weights on a model of one dimension: a pixel whose logit is `kernel · code`, examples that
 * differ in their noise alone, so that values and gradients of examples are draws of one distribution.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { ObjectiveInputs, Terms } from "../../../src/core/Objective.ts"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { standardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { normal } from "../../../src/core/Random.ts"
import { constantValues, gradients, read, timeAt } from "../../../src/testing/TensorProbe.ts"

const pixel = 0.8

export interface Point {
  readonly mean: number
  readonly logVariance: number
  readonly kernel: number
}

/** Where the posterior is neither the prior nor the true one. */
export const point: Point = { mean: 0.4, logVariance: -0.7, kernel: 1.5 }

/** What a loss and its gradients are for each example, `[examples]`; that for the kernel is their sum. */
export interface Probed {
  readonly loss: Float32Array
  readonly mean: Float32Array
  readonly logVariance: Float32Array
  readonly kernel: Float32Array
}

/** Standard normal noise of all draws, draw after draw: `[draws * examples, 1]`. */
export const noiseOf = (draws: number, examples: number, seed = 1): Float32Array =>
  normal({ seed, stream: "noise", step: 0 }, draws * examples)

/** An objective's loss and gradients with this noise. */
export const probe = (
  terms: (inputs: ObjectiveInputs) => Terms,
  noise: Float32Array,
  examples: number,
  at: Point = point
): Probed => {
  const loss = (tensors: Readonly<Record<"mean" | "logVariance" | "kernel", tf.Tensor>>): tf.Tensor =>
    terms({
      images: tf.fill([examples, 1, 1, 1], pixel),
      posterior: LogVarianceGaussian().fromHeads([tensors.mean as tf.Tensor2D, tensors.logVariance as tf.Tensor2D]),
      prior: standardNormal,
      priorCodes: () => tf.zeros([examples, 1]),
      examples,
      noise: tf.tensor2d(noise, [noise.length, 1]),
      time: timeAt(1),
      decode: (codes) => BernoulliLogits().fromOutput(tf.reshape(tf.mul(codes, tensors.kernel), [-1, 1, 1, 1]))
    }).loss
  const inputs = {
    mean: constantValues([examples, 1], at.mean),
    logVariance: constantValues([examples, 1], at.logVariance),
    kernel: constantValues([1, 1], at.kernel)
  }
  const value = read(() => ({
    loss: loss({
      mean: tf.fill([examples, 1], at.mean),
      logVariance: tf.fill([examples, 1], at.logVariance),
      kernel: tf.fill([1, 1], at.kernel)
    })
  }))
  const found = gradients(loss, inputs)
  return {
    loss: value.loss.values,
    mean: found.mean.values,
    logVariance: found.logVariance.values,
    kernel: found.kernel.values
  }
}

/** Mean, its standard error, and the signal-to-noise ratio of draws: the mean's size over the standard deviation. */
export const statistics = (draws: Float32Array) => {
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length
  const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (draws.length - 1)
  return { mean, error: Math.sqrt(variance / draws.length), signalToNoise: Math.abs(mean) / Math.sqrt(variance) }
}
