/**
 * Adam: steps scaled by running means of the gradients and of their squares.
 *
 * Source: Kingma and Ba 2014, algorithm 1, https://arxiv.org/abs/1412.6980; epsilon stands outside the square root, as in
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Optimizer } from "../Optimizer.ts"
import { isSchedule, type Numeric, rateProblem, scheduled, specOf } from "../Schedule.ts"
import { prefixed } from "../Tensors.ts"

export interface AdamOptions {
  /** About the largest change of a parameter in one step; above 0. */
  readonly learningRate: Numeric
  /** Decay a step of the mean of gradients, from 0 and below 1; 0.9 unless given. */
  readonly beta1?: number
  /** Decay a step of the mean of squared gradients, from 0 and below 1; 0.999 unless given. */
  readonly beta2?: number
  /** Added to the root of the mean of squares; above 0, 1e-8 unless given. */
  readonly epsilon?: number
}

const problemOf = ({ learningRate, beta1, beta2, epsilon }: Required<AdamOptions>): string | undefined => {
  if (!(beta1 >= 0 && beta1 < 1)) return `beta1 is ${beta1}; it must be from 0 and below 1`
  if (!(beta2 >= 0 && beta2 < 1)) return `beta2 is ${beta2}; it must be from 0 and below 1`
  if (!(epsilon > 0 && Number.isFinite(epsilon))) return `epsilon is ${epsilon}; it must be above 0`
  return rateProblem("learningRate", learningRate)
}

/**
 * `parameter - learningRate m / (sqrt(v) + epsilon)`, with `m` and `v` the bias-corrected means.
 *
 * The state holds decayed sums, not means: `first = Σ beta1^(t-i) gradient_i` and `second = Σ beta2^(t-i) gradient_i²`.
 * The factors that make means of them and correct their bias are two scalars a step, `rate` and `offset` below, so that
 * an update is ten passes over each parameter and no more.
 */
export const Adam = (options: AdamOptions): Optimizer => {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  return {
    spec: { _tag: "Adam", learningRate: specOf(learningRate), beta1, beta2, epsilon },
    schedules: scheduled({ "learning-rate": learningRate }),
    problem: problemOf({ learningRate, beta1, beta2, epsilon }),
    state: (parameters) => ({ ...prefixed("first/", parameters), ...prefixed("second/", parameters) }),
    update: ({ parameters, gradients, state, step, stepsPerEpoch }) => {
      // `1 - beta^t`, by expm1 because beta2^t is near 1 at first.
      const correction1 = tf.neg(tf.expm1(tf.mul(step, Math.log(beta1))))
      const correction2 = tf.neg(tf.expm1(tf.mul(step, Math.log(beta2))))
      const root = tf.sqrt(tf.mul(correction2, 1 / (1 - beta2)))
      const perStep = isSchedule(learningRate)
        ? tf.mul(learningRate.at({ step, stepsPerEpoch }), 1 - beta1)
        : learningRate * (1 - beta1)
      const rate = tf.div(tf.mul(root, perStep), correction1)
      const offset = tf.mul(root, epsilon)
      const first = Record.map(gradients, (gradient, name) => tf.add(tf.mul(state[`first/${name}`]!, beta1), gradient))
      const second = Record.map(gradients, (gradient, name) =>
        tf.add(tf.mul(state[`second/${name}`]!, beta2), tf.square(gradient))
      )
      return {
        parameters: Record.map(parameters, (parameter, name) =>
          tf.sub(parameter, tf.mul(tf.div(first[name]!, tf.add(tf.sqrt(second[name]!), offset)), rate))
        ),
        state: { ...prefixed("first/", first), ...prefixed("second/", second) }
      }
    }
  }
}
