/**
 * Scales updates by running means of the gradients and of their squares.
 *
 * Source: Kingma and Ba 2014, algorithm 1, https://arxiv.org/abs/1412.6980; epsilon stands outside the square root, as
 * in https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html. With `amsgrad`: Reddi et al. 2018, algorithm
 * 2, https://openreview.net/forum?id=ryQu7f-RZ, bias-corrected as in PyTorch
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { type GradientTransformation, times, valuesOf } from "../GradientTransformation.ts"
import { decayProblem, positiveProblem } from "../OptionProblem.ts"

export interface ScaleByAdamOptions {
  /** Decay per step of the mean of gradients, in [0, 1); default: 0.9. */
  readonly beta1?: number
  /** Decay per step of the mean of squared gradients, in [0, 1); default: 0.999. */
  readonly beta2?: number
  /** Added to the root of the mean of squares; above 0; default: 1e-8. */
  readonly epsilon?: number
  /** Whether to divide by the running maximum of the second moment; default: false. */
  readonly amsgrad?: boolean
}

/**
 * `m / (sqrt(v) + epsilon)`, with `m` and `v` the bias-corrected means of gradients and of their squares.
 *
 * The state holds decayed sums, not means: `first = Σ beta1^(t-i) gradient_i` and `second = Σ beta2^(t-i) gradient_i²`.
 * Two scalars per step normalise them and correct their bias, so that an update needs only ten passes over each
 * parameter.
 */
export const scaleByAdam = (options: ScaleByAdamOptions = {}): GradientTransformation => {
  const { amsgrad = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  return {
    spec: { _tag: "ScaleByAdam", beta1, beta2, epsilon, ...(amsgrad && { amsgrad }) },
    problem: decayProblem("beta1", beta1) ?? decayProblem("beta2", beta2) ?? positiveProblem("epsilon", epsilon),
    slots: amsgrad ? ["first", "second", "greatest"] : ["first", "second"],
    update: ({ updates, state, step }) => {
      const gradients = valuesOf(updates)
      // `1 - beta^t`, by expm1 because beta2^t is near 1 at first.
      const correction1 = tf.neg(tf.expm1(tf.mul(step, Math.log(beta1))))
      const correction2 = tf.neg(tf.expm1(tf.mul(step, Math.log(beta2))))
      const root = tf.sqrt(tf.mul(correction2, 1 / (1 - beta2)))
      const offset = tf.mul(root, epsilon)
      const first = Record.map(gradients, (gradient, name) => tf.add(tf.mul(state["first"]![name]!, beta1), gradient))
      const second = Record.map(gradients, (gradient, name) =>
        tf.add(tf.mul(state["second"]![name]!, beta2), tf.square(gradient))
      )
      const greatest = amsgrad
        ? Record.map(second, (square, name) => tf.maximum(state["greatest"]![name]!, square))
        : second
      return {
        updates: {
          directions: Record.map(first, (sum, name) => tf.div(sum, tf.add(tf.sqrt(greatest[name]!), offset))),
          scaled: (by) => tf.div(tf.mul(root, times(by, 1 - beta1)), correction1) as tf.Scalar
        },
        state: { first, second, ...(amsgrad && { greatest }) }
      }
    }
  }
}
