/**
 * A cyclical schedule: a linear ramp that restarts in every cycle.
 *
 * Source: Fu et al. 2019, eq. 6 and 7, https://arxiv.org/abs/1903.10145
 */
import * as tf from "@tensorflow/tfjs-core"
import { elapsed, finiteProblem, type Schedule, type Span, spanProblem, spanSpec, stepsIn } from "../Schedule.ts"
import { between } from "./Transition.ts"
import { countProblem } from "../OptionProblem.ts"

/** The span covers all cycles; after it the value is `to`. */
export type CyclicalOptions = Span & {
  readonly from: number
  readonly to: number
  /** Number of cycles in the span; default: 4. */
  readonly cycles?: number
  /** Fraction of a cycle in which the value changes, in (0, 1]; it is `to` for the rest; default: 0.5. */
  readonly rising?: number
}

/** `from + (to - from) min(τ / rising, 1)`, where `τ` is the elapsed fraction of the current cycle. */
export const cyclical = (options: CyclicalOptions): Schedule => {
  const { cycles = 4, from, rising = 0.5, to } = options
  const wrongRising = rising > 0 && rising <= 1 ? undefined : `rising is ${rising}; it must be above 0 and at most 1`
  return {
    spec: { _tag: "Cyclical", from, to, cycles, rising, ...spanSpec(options) },
    problem: finiteProblem({ from, to }) ?? spanProblem(options) ?? countProblem("cycles", cycles) ?? wrongRising,
    minimum: Math.min(from, to),
    maximum: Math.max(from, to),
    at: (time) => {
      const cycle = tf.div(elapsed(time), stepsIn(options, time) / cycles)
      // After the span, the value stays at the end of the last cycle.
      const begun = tf.minimum(tf.floor(cycle), cycles - 1)
      return between(from, to, tf.minimum(tf.div(tf.sub(cycle, begun), rising), 1))
    }
  }
}
