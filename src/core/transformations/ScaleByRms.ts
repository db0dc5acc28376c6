/**
 * Divides updates by their root mean square, or by their standard deviation.
 *
 * Source: Tieleman and Hinton 2012, lecture 6.5, and Graves 2013, eq. 38 to 42, https://arxiv.org/abs/1308.0850, for
 * the centred form; both as in https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { type GradientTransformation, unscaled, valuesOf } from "../GradientTransformation.ts"
import { decayProblem, positiveProblem } from "../OptionProblem.ts"

export interface ScaleByRmsOptions {
  /** Decay per step of the means, in [0, 1); default: 0.99. */
  readonly decay?: number
  /** Added to the root; above 0; default: 1e-8. */
  readonly epsilon?: number
  /** Whether to subtract the squared mean (the variance instead of the mean square); default: false. */
  readonly centred?: boolean
}

/**
 * `gradient / (sqrt(v) + epsilon)`, where `v` is the running mean of squares; less the square of the mean if centred.
 */
export const scaleByRms = (options: ScaleByRmsOptions = {}): GradientTransformation => {
  const { centred = false, decay = 0.99, epsilon = 1e-8 } = options
  return {
    spec: { _tag: "ScaleByRms", decay, epsilon, ...(centred && { centred }) },
    problem: decayProblem("decay", decay) ?? positiveProblem("epsilon", epsilon),
    slots: centred ? ["square", "mean"] : ["square"],
    update: ({ updates, state }) => {
      const gradients = valuesOf(updates)
      const running = (slot: string, values: Readonly<Record<string, tf.Tensor>>) =>
        Record.map(values, (value, name) => tf.add(tf.mul(state[slot]![name]!, decay), tf.mul(value, 1 - decay)))
      const square = running(
        "square",
        Record.map(gradients, (gradient) => tf.square(gradient))
      )
      const mean = centred ? running("mean", gradients) : {}
      // Rounding must not make a variance negative.
      const varianceOf = (name: string) =>
        centred ? tf.maximum(tf.sub(square[name]!, tf.square(mean[name]!)), 0) : square[name]!
      return {
        updates: unscaled(
          Record.map(gradients, (gradient, name) => tf.div(gradient, tf.add(tf.sqrt(varianceOf(name)), epsilon)))
        ),
        state: { square, ...(centred && { mean }) }
      }
    }
  }
}
