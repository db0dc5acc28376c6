/**
 * Divides updates by the root of the sum of all their squares so far.
 *
 * Source: Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html, as in
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { type GradientTransformation, unscaled, valuesOf } from "../GradientTransformation.ts"
import { positiveProblem } from "../OptionProblem.ts"

export interface ScaleByAdagradOptions {
  /** Added to the root; above 0; default: 1e-10. */
  readonly epsilon?: number
}

/** `gradient / (sqrt(Σ gradient²) + epsilon)`. */
export const scaleByAdagrad = ({ epsilon = 1e-10 }: ScaleByAdagradOptions = {}): GradientTransformation => ({
  spec: { _tag: "ScaleByAdagrad", epsilon },
  problem: positiveProblem("epsilon", epsilon),
  slots: ["sum"],
  update: ({ updates, state }) => {
    const gradients = valuesOf(updates)
    const sum = Record.map(gradients, (gradient, name) => tf.add(state["sum"]![name]!, tf.square(gradient)))
    return {
      updates: unscaled(
        Record.map(gradients, (gradient, name) => tf.div(gradient, tf.add(tf.sqrt(sum[name]!), epsilon)))
      ),
      state: { sum }
    }
  }
})
