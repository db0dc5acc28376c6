/**
 * Cosine annealing between two values, half a period.
 *
 * Source: Loshchilov and Hutter 2016, eq. 5, https://arxiv.org/abs/1608.03983
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Schedule } from "../Schedule.ts"
import { between, transition, type TransitionOptions } from "./Transition.ts"

/** Taylor coefficients of `sin(π x / 2)` in `x`, `x³`, ... `x¹³`. */
const coefficients = [1, 3, 5, 7, 9, 11, 13].map((power, index) => {
  const factorial = Array.from({ length: power }, (_, number) => number + 1).reduce((product, n) => product * n)
  return ((-1) ** index * (Math.PI / 2) ** power) / factorial
})

/**
 * `(1 - cos(π t)) / 2 = sin²(π t / 2)` for `t` from 0 to 1, to 1e-7.
 *
 * A polynomial, because not every engine has trigonometric functions.
 */
const risen = (fraction: tf.Scalar): tf.Scalar => {
  const square = tf.square(fraction)
  const sum = coefficients
    .toReversed()
    .reduce<tf.Scalar>((inner, coefficient) => tf.add(tf.mul(inner, square), coefficient), tf.scalar(0))
  return tf.minimum(tf.square(tf.mul(sum, fraction)), 1)
}

/** `from + (to - from) (1 - cos(π t)) / 2`, where `t` is the elapsed fraction of the span. */
export const cosine = (options: TransitionOptions): Schedule =>
  transition("Cosine", options, (fraction) => between(options.from, options.to, risen(fraction)))
