/**
 * A piecewise constant schedule.
 */
import * as tf from "@tensorflow/tfjs-core"
import { elapsed, finiteProblem, type Schedule, stepsIn } from "../Schedule.ts"

/** `values` has one more element than the boundaries, which are increasing epochs or steps. */
export type PiecewiseOptions = { readonly values: ReadonlyArray<number> } & (
  | { readonly epochs: ReadonlyArray<number>; readonly steps?: never }
  | { readonly steps: ReadonlyArray<number>; readonly epochs?: never }
)

const problemOf = (values: ReadonlyArray<number>, unit: string, boundaries: ReadonlyArray<number>) => {
  if (values.length !== boundaries.length + 1) {
    return `there are ${values.length} values for ${boundaries.length} ${unit}; there must be one more than ${unit}`
  }
  const wrong = boundaries.findIndex((boundary, index) => !(boundary > (boundaries[index - 1] ?? 0)))
  if (wrong >= 0) return `${unit}[${wrong}] is ${boundaries[wrong]}; ${unit} must rise from above 0`
  return finiteProblem(Object.fromEntries(values.map((value, index) => [`values[${index}]`, value])))
}

/**
 * `values[i]` after `i` boundaries: `piecewise({ values: [1e-3, 1e-4], epochs: [10] })` is 1e-3 in the
 * first 10 epochs and 1e-4 from then on.
 */
export const piecewise = (options: PiecewiseOptions): Schedule => {
  const { values, epochs, steps } = options
  const [unit, boundaries] = steps === undefined ? ["epochs", epochs] : ["steps", steps]
  return {
    spec: { _tag: "Piecewise", values, [unit]: boundaries },
    problem: problemOf(values, unit, boundaries),
    minimum: Math.min(...values),
    maximum: Math.max(...values),
    at: (time) => {
      const passed = elapsed(time)
      return boundaries.reduce<tf.Scalar>((value, boundary, index) => {
        const start = stepsIn(steps === undefined ? { epochs: boundary } : { steps: boundary }, time)
        return tf.where(tf.greaterEqual(passed, start), tf.scalar(values[index + 1]!), value)
      }, tf.scalar(values[0]!))
    }
  }
}
