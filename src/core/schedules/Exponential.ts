/**
 * A geometric sequence between two values: the same factor at every step.
 *
 * Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html, with
 * `gamma = (to / from)^(1 / epochs)`
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Schedule } from "../Schedule.ts"
import { transition, type TransitionOptions } from "./Transition.ts"

/** `from (to / from)^t`, where `t` is the elapsed fraction of the span; both values are above 0. */
export const exponential = (options: TransitionOptions): Schedule => {
  const { from, to } = options
  const [least, greatest] = [Math.min(from, to), Math.max(from, to)]
  const wrong = Object.entries({ from, to }).find(([, value]) => !(value > 0))
  return transition(
    "Exponential",
    options,
    // Rounding must not exceed the ends.
    (fraction) =>
      tf.clipByValue(tf.mul(tf.exp(tf.mul(fraction, Math.log(to / from))), from), least, greatest) as tf.Scalar,
    wrong && `${wrong[0]} is ${wrong[1]}; it must be above 0`
  )
}
