/**
 * Clips updates by their global norm.
 *
 * Source: Pascanu et al. 2013, algorithm 1, https://arxiv.org/abs/1211.5063
 */
import * as tf from "@tensorflow/tfjs-core"
import { type GradientTransformation, times, unscaled, valuesOf } from "../GradientTransformation.ts"
import { type Numeric, rateProblem, scheduled, specOf, valueAt } from "../Schedule.ts"

/**
 * `update maximum / max(norm, maximum)`, where the Euclidean norm is over the updates of all parameters; the maximum is
 * above 0. If the norm overflows float32, the updates are 0.
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
