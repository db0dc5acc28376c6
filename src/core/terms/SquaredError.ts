/**
 * Squared errors of the reconstruction: the losses of autoencoders without an explicit likelihood.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type LossTerm, type LossTermInputs, pixelCount } from "../LossTerm.ts"

/** `Σ (x - mean)²` over height, width and channels, `[batch]`. */
const squaredError = ({ images, likelihood }: LossTermInputs): tf.Tensor1D =>
  tf.sum(tf.squaredDifference(images, likelihood.mean), [1, 2, 3])

/**
 * `½ Σ (x - mean)²` over the pixels, `[batch]`: up to a constant the negative log likelihood of a Gaussian of deviation
 * 1.
 *
 * Source: SimpleVAE, N. Lakmal Deshapriya 2020: `784 MSE / 2`
 */
export const HalfSquaredError = (): LossTerm => ({
  spec: { _tag: "HalfSquaredError" },
  name: "half-squared-error",
  value: (inputs) => tf.mul(squaredError(inputs), 0.5)
})

/**
 * `Σ (x - mean)² / pixels`, `[batch]`.
 *
 * Source: "Introduction to VAEs", after kvfrans: its generation loss
 */
export const MeanSquaredError = (): LossTerm => ({
  spec: { _tag: "MeanSquaredError" },
  name: "mean-squared-error",
  value: (inputs) => tf.mul(squaredError(inputs), 1 / pixelCount(inputs.images))
})
