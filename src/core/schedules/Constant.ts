/**
 * The same value at every step.
 */
import * as tf from "@tensorflow/tfjs-core"
import { finiteProblem, type Schedule } from "../Schedule.ts"

/** `value` at every step, for a choice among schedules; elsewhere a plain number is equivalent. */
export const constant = (value: number): Schedule => ({
  spec: { _tag: "Constant", value },
  problem: finiteProblem({ value }),
  minimum: value,
  maximum: value,
  at: () => tf.scalar(value)
})
