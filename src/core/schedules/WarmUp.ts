/**
 * A linear warm-up to the first value of another schedule, which follows.
 *
 * Source: Goyal et al. 2017, section 2.2, https://arxiv.org/abs/1706.02677
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  fractionOf,
  finiteProblem,
  maximumOf,
  minimumOf,
  type Numeric,
  isSchedule,
  type Schedule,
  type Span,
  spanProblem,
  spanSpec,
  specOf,
  stepsIn,
  valueAt
} from "../Schedule.ts"

export type WarmUpOptions = Span & {
  /** Value at the first step; default: 0. */
  readonly from?: number
  /** The schedule that follows; its first step is the end of the warm-up. */
  readonly to: Numeric
}

/**
 * `from + (to(0) - from) t` in the span, where `t` is its elapsed fraction, and afterwards `to`:
 * `warmUp({ epochs: 5, to: cosine({ from: 1e-3, to: 0, epochs: 95 }) })`.
 */
export const warmUp = (options: WarmUpOptions): Schedule => {
  const { from = 0, to } = options
  const inner = isSchedule(to) ? to.problem && `to: ${to.problem}` : finiteProblem({ to })
  return {
    spec: { _tag: "WarmUp", from, ...spanSpec(options), to: specOf(to) },
    problem: finiteProblem({ from }) ?? spanProblem(options) ?? inner,
    minimum: Math.min(from, minimumOf(to)),
    maximum: Math.max(from, maximumOf(to)),
    at: (time) => {
      const step = tf.maximum(tf.sub(time.step, stepsIn(options, time)), 1) as tf.Scalar
      const fraction = fractionOf(options, time)
      const target = valueAt(to, { ...time, step })
      return tf.add(tf.mul(tf.sub(1, fraction), from), tf.mul(fraction, target))
    }
  }
}
