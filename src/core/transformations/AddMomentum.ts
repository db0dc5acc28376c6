/**
 * Momentum: a velocity, the decayed sum of the updates so far.
 *
 * Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html, without dampening; Nesterov's form as in
 * Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { type GradientTransformation, unscaled, valuesOf } from "../GradientTransformation.ts"
import { decayProblem } from "../OptionProblem.ts"

export interface AddMomentumOptions {
  /** Decay per step of the velocity, in [0, 1); 0 keeps no velocity. */
  readonly momentum: number
  /** Whether to use Nesterov's momentum; default: false. */
  readonly nesterov?: boolean
}

/** `velocity = momentum velocity + direction`; with Nesterov's momentum `direction + momentum velocity`. */
export const addMomentum = (options: AddMomentumOptions): GradientTransformation => {
  const { momentum, nesterov = false } = options
  const wrong = nesterov && momentum === 0 ? "momentum is 0; with nesterov it must be above 0" : undefined
  return {
    spec: { _tag: "AddMomentum", momentum, ...(nesterov && { nesterov }) },
    problem: decayProblem("momentum", momentum) ?? wrong,
    slots: momentum === 0 ? [] : ["velocity"],
    update: ({ updates, state }) => {
      if (momentum === 0) return { updates, state: {} }
      const ahead = (velocity: tf.Tensor, direction: tf.Tensor) => tf.add(tf.mul(velocity, momentum), direction)
      const directions = valuesOf(updates)
      const velocity = Record.map(directions, (direction, name) => ahead(state["velocity"]![name]!, direction))
      return {
        updates: unscaled(nesterov ? Record.map(velocity, (value, name) => ahead(value, directions[name]!)) : velocity),
        state: { velocity }
      }
    }
  }
}
