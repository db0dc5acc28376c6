/**
 * Weight decay: adds a fraction of each parameter to its update. After the scaling by moments it is decoupled, as in
 * AdamW; before it, it is the gradient of an L2 penalty.
 *
 * Source: Loshchilov and Hutter 2017, algorithm 2, https://arxiv.org/abs/1711.05101
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { type GradientTransformation, unscaled, valuesOf } from "../GradientTransformation.ts"
import { type Numeric, scheduled, specOf, valueAt, weightProblem } from "../Schedule.ts"

/** `update + decay parameter`; the decay is at least 0. */
export const addDecayedWeights = (decay: Numeric): GradientTransformation => ({
  spec: { _tag: "AddDecayedWeights", decay: specOf(decay) },
  problem: weightProblem("decay", decay),
  schedules: scheduled({ "weight-decay": decay }),
  slots: [],
  update: ({ updates, parameters, ...time }) => {
    if (decay === 0) return { updates, state: {} }
    const factor = valueAt(decay, time)
    return {
      updates: unscaled(
        Record.map(valuesOf(updates), (value, name) => tf.add(value, tf.mul(parameters[name]!, factor)))
      ),
      state: {}
    }
  }
})
