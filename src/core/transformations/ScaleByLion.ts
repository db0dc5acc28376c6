/**
 * The sign of a mixture of the gradient and its running mean.
 *
 * Source: Chen et al. 2023, algorithm 2, https://arxiv.org/abs/2302.06675
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { decayProblem, type GradientTransformation, unscaled, valuesOf } from "../GradientTransformation.ts"

export interface ScaleByLionOptions {
  /** Part of the running mean in the direction, from 0 and below 1. Default: 0.9. */
  readonly beta1?: number
  /** Decay per step of the running mean, from 0 and below 1. Default: 0.99. */
  readonly beta2?: number
}

/**
 * -1, 0 or 1; between them only below 2^-127 in size, where float32 is no longer exact. The engines fuse a product, a
 * minimum and a maximum, but no sign.
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
    // Both mixtures from one difference, so that they are one loop.
    const difference = Record.map(gradients, (gradient, name) => tf.sub(gradient, mean![name]!))
    const mixed = (decay: number) =>
      Record.map(difference, (value, name) => tf.add(mean![name]!, tf.mul(value, 1 - decay)))
    return { updates: unscaled(Record.map(mixed(beta1), sign)), state: { mean: mixed(beta2) } }
  }
})
