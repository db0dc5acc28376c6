/**
 * The contract of schedules: numbers that change during training, such as a weight or a learning rate.
 *
 * Laws: a value is a pure function of the step, computed inside the program, so that nothing is compiled again and
 * resuming needs the step alone; every value lies between `minimum` and `maximum`; the spec says everything.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Json, Spec } from "./Spec.ts"
import { positiveProblem } from "./OptionProblem.ts"

/** The position in training at which a program runs. */
export interface Time {
  /** Number of the optimiser step: scalar `float32`, 1 for the first. */
  readonly step: tf.Scalar
  /** Optimiser steps per pass over the training examples. */
  readonly stepsPerEpoch: number
}

export interface Schedule {
  readonly spec: Spec
  /** The error of its options, as a sentence with the value and what is allowed; undefined if they are valid. */
  readonly problem?: string | undefined
  /** Minimum of its values. */
  readonly minimum: number
  /** Maximum of its values. */
  readonly maximum: number
  /** The value at a time: scalar `float32`. */
  readonly at: (time: Time) => tf.Scalar
}

/** A number, constant or scheduled. */
export type Numeric = number | Schedule

/** A length of training, in epochs or in optimiser steps. */
export type Span =
  | { readonly epochs: number; readonly steps?: never }
  | { readonly steps: number; readonly epochs?: never }

/** Whether a value changes during training. */
export const isSchedule = (value: Numeric): value is Schedule => typeof value !== "number"

/** The value at a time, as an operand of TensorFlow.js operations; a constant stays a number. */
export const valueAt = (value: Numeric, time: Time): number | tf.Scalar => (isSchedule(value) ? value.at(time) : value)

/** The spec of a number that may be scheduled. */
export const specOf = (value: Numeric): Json => (isSchedule(value) ? value.spec : value)

export const minimumOf = (value: Numeric): number => (isSchedule(value) ? value.minimum : value)
export const maximumOf = (value: Numeric): number => (isSchedule(value) ? value.maximum : value)

/** The scheduled options by name, whose values the history shows. */
export const scheduled = (options: Readonly<Record<string, Numeric>>): Readonly<Record<string, Schedule>> =>
  Object.fromEntries(Object.entries(options).filter((option): option is [string, Schedule] => isSchedule(option[1])))

const described = (value: Numeric, offending: number): string =>
  isSchedule(value) ? `takes the value ${offending} in ${value.spec._tag}` : `is ${value}`

/** The error of an option that must be finite and at least 0 at every step, such as a weight. */
export const weightProblem = (name: string, value: Numeric): string | undefined => {
  if (isSchedule(value) && value.problem !== undefined) return `${name}: ${value.problem}`
  const offending = [minimumOf(value), maximumOf(value)].find((bound) => !(bound >= 0 && Number.isFinite(bound)))
  return offending === undefined
    ? undefined
    : `${name} ${described(value, offending)}; it must be a non-negative number`
}

/** The error of an option that must be above 0, such as a learning rate; a schedule may be 0 at some steps. */
export const rateProblem = (name: string, value: Numeric): string | undefined => {
  if (isSchedule(value)) {
    const problem = weightProblem(name, value)
    return problem ?? (value.maximum > 0 ? undefined : `${name} is 0 at every step; it must be above 0`)
  }
  return positiveProblem(name, value)
}

/** What is wrong with an option that must be above 0 at every step, such as a temperature. */
export const alwaysPositiveProblem = (name: string, value: Numeric): string | undefined => {
  const problem = rateProblem(name, value)
  if (problem !== undefined || minimumOf(value) > 0) return problem
  return `${name} ${described(value, minimumOf(value))}; it must be above 0 at every step`
}

// For the schedules of `schedules/`.

/** The number of steps in a span. */
export const stepsIn = ({ epochs, steps }: Span, { stepsPerEpoch }: Time): number => steps ?? epochs * stepsPerEpoch

/** Steps taken before this one, scalar: 0 at the first. */
export const elapsed = ({ step }: Time): tf.Scalar => tf.sub(step, 1)

/** The elapsed fraction of a span, scalar: 0 at the first step, 1 at the end of the span and after it. */
export const fractionOf = (span: Span, time: Time): tf.Scalar =>
  tf.minimum(tf.div(elapsed(time), stepsIn(span, time)), 1)

/** The span in a schedule's spec. */
export const spanSpec = ({ epochs, steps }: Span): { readonly [unit: string]: number } =>
  steps === undefined ? { epochs } : { steps }

/** The error of a span; undefined if it is valid. */
export const spanProblem = ({ epochs, steps }: Span): string | undefined => {
  const [unit, length] = steps === undefined ? ["epochs", epochs] : ["steps", steps]
  return positiveProblem(unit, length)
}

/** The error of the first number that is not finite; undefined if all are finite. */
export const finiteProblem = (values: Readonly<Record<string, number>>): string | undefined => {
  const wrong = Object.entries(values).find(([, value]) => !Number.isFinite(value))
  return wrong && `${wrong[0]} is ${wrong[1]}; it must be a finite number`
}
