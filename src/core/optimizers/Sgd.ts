/**
 * Gradient descent, with momentum where asked.
 *
 * Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html, without dampening
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Optimizer } from "../Optimizer.ts"
import { type Numeric, rateProblem, scheduled, specOf, valueAt } from "../Schedule.ts"
import { prefixed } from "../Tensors.ts"

export interface SgdOptions {
  /** Change of a parameter for a gradient of 1; above 0. */
  readonly learningRate: Numeric
  /** Decay a step of the velocity, from 0, which is the default and keeps no velocity, and below 1. */
  readonly momentum?: number
}

const problemOf = ({ learningRate, momentum }: Required<SgdOptions>): string | undefined => {
  if (!(momentum >= 0 && momentum < 1)) return `momentum is ${momentum}; it must be from 0 and below 1`
  return rateProblem("learningRate", learningRate)
}

/** `velocity = momentum velocity + gradient`, then `parameter - learningRate velocity`. */
export const Sgd = (options: SgdOptions): Optimizer => {
  const { learningRate, momentum = 0 } = options
  return {
    spec: { _tag: "Sgd", learningRate: specOf(learningRate), momentum },
    schedules: scheduled({ "learning-rate": learningRate }),
    problem: problemOf({ learningRate, momentum }),
    state: (parameters) => (momentum === 0 ? {} : prefixed("velocity/", parameters)),
    update: ({ parameters, gradients, state, step, stepsPerEpoch }) => {
      const rate = valueAt(learningRate, { step, stepsPerEpoch })
      const velocity =
        momentum === 0
          ? gradients
          : Record.map(gradients, (gradient, name) => tf.add(tf.mul(state[`velocity/${name}`]!, momentum), gradient))
      return {
        parameters: Record.map(parameters, (parameter, name) => tf.sub(parameter, tf.mul(velocity[name]!, rate))),
        state: momentum === 0 ? {} : prefixed("velocity/", velocity)
      }
    }
  }
}
