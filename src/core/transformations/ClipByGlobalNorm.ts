/**
 * Updates whose joint Euclidean norm is at most a maximum.
 *
 * Source: Pascanu et al. 2013, algorithm 1, https://arxiv.org/abs/1211.5063
 */
import * as tf from "@tensorflow/tfjs-core"
import { type GradientTransformation, times, unscaled, valuesOf } from "../GradientTransformation.ts"
import { type Numeric, rateProblem, scheduled, specOf, valueAt } from "../Schedule.ts"

/**
 * `update maximum / max(norm, maximum)`, where the norm is that of all parameters' updates together; the maximum is above
 * 0. A norm too large for float32 makes the updates 0.
 */
export const clipByGlobalNorm = (maximum: Numeric): GradientTransformation => ({
  spec: { _tag: "ClipByGlobalNorm", maximum: specOf(maximum) },
  problem: rateProblem("maximum", maximum),
  schedules: scheduled({ "maximum-norm": maximum }),
  slots: [],
  update: ({ updates, step, stepsPerEpoch }) => {
    const values = valuesOf(updates)
    const squares = Object.values(values).map((value) => tf.sum<tf.Scalar>(tf.square(value)))
    const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square), tf.scalar(0)))
    const limit = valueAt(maximum, { step, stepsPerEpoch })
    const factor = tf.div(limit, tf.maximum(norm, limit)) as tf.Scalar
    return { updates: { ...unscaled(values), scaled: (by) => times(by, factor) }, state: {} }
  }
})
