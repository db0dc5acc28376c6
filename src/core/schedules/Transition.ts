/**
 * Schedules that change from one value to another over a span, along a curve.
 */
import * as tf from "@tensorflow/tfjs-core"
import { finiteProblem, fractionOf, type Schedule, type Span, spanProblem, spanSpec } from "../Schedule.ts"

/** `from` at the first step, `to` at the end of the span and after it. */
export type TransitionOptions = Span & { readonly from: number; readonly to: number }

/** A schedule whose value is a function of the elapsed fraction of the span, a scalar from 0 to 1. */
export const transition = (
  tag: string,
  options: TransitionOptions,
  curve: (fraction: tf.Scalar) => tf.Scalar,
  problem?: string
): Schedule => {
  const { from, to } = options
  return {
    spec: { _tag: tag, from, to, ...spanSpec(options) },
    problem: finiteProblem({ from, to }) ?? spanProblem(options) ?? problem,
    minimum: Math.min(from, to),
    maximum: Math.max(from, to),
    at: (time) => curve(fractionOf(options, time))
  }
}

/** `from + (to - from) fraction`, scalar; exactly `from` at 0 and `to` at 1. */
export const between = (from: number, to: number, fraction: tf.Scalar): tf.Scalar =>
  tf.add(tf.mul(tf.sub(1, fraction), from), tf.mul(fraction, to))
