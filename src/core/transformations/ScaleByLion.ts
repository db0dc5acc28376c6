/**
 * The sign of an interpolation between the gradient and its running mean.
 *
 * Source: Chen et al. 2023, algorithm 2, https://arxiv.org/abs/2302.06675
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { type GradientTransformation, unscaled, valuesOf } from "../GradientTransformation.ts"
import { decayProblem } from "../OptionProblem.ts"

export interface ScaleByLionOptions {
  /** Weight of the running mean in the update, in [0, 1); default: 0.9. */
  readonly beta1?: number
  /** Decay per step of the running mean, in [0, 1); default: 0.99. */
  readonly beta2?: number
}

/**
 * The sign: -1, 0 or 1, except for magnitudes below 2^-127, where float32 is not exact. A product, a minimum and a
 * maximum, because the engines fuse these but not `sign`.
 */
const sign = (x: tf.Tensor): tf.Tensor => tf.clipByValue(tf.mul(x, 2 ** 127), -1, 1)

/** `sign(beta1 mean + (1 - beta1) gradient)`, and then `mean = beta2 mean + (1 - beta2) gradient`. */
export const scaleByLion = ({ beta1 = 0.9, beta2 = 0.99 }: ScaleByLionOptions = {}): GradientTransformation => ({
  spec: { _tag: "ScaleByLion", beta1, beta2 },
  problem: decayProblem("beta1", beta1) ?? decayProblem("beta2", beta2),
  slots: ["mean"],
  update: ({ updates, state }) => {
    const gradients = valuesOf(updates)
    const { mean } = state
    // Both interpolations use one difference, so that they fuse into one loop.
    const difference = Record.map(gradients, (gradient, name) => tf.sub(gradient, mean![name]!))
    const mixed = (decay: number) =>
      Record.map(difference, (value, name) => tf.add(mean![name]!, tf.mul(value, 1 - decay)))
    return { updates: unscaled(Record.map(mixed(beta1), sign)), state: { mean: mixed(beta2) } }
  }
})
