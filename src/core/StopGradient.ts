/**
 * Stops gradients.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Tensors } from "./Tensors.ts"

/**
 * `f(x)` with a gradient of 0: for conditions, which TensorFlow.js cannot differentiate, and for values that must not
 * propagate gradients.
 */
export const stopGradient = <T extends tf.Tensor>(f: (x: tf.Tensor) => T, x: tf.Tensor): T =>
  tf.customGrad<T>((...inputs) => ({
    value: f(inputs[0] as tf.Tensor),
    gradFunc: () => tf.zeros(x.shape)
  }))(x)

/** `value`, with the derivative of `soft`, of the same shape: the straight-through estimator of a choice. */
export const straightThrough = <T extends tf.Tensor>(value: T, soft: T): T =>
  tf.customGrad<T>(() => ({ value: tf.clone(value), gradFunc: (dy) => dy }))(soft)

/** `x` as a constant. */
export const detach = <T extends tf.Tensor>(x: T): T => stopGradient((value) => tf.clone(value as T), x)

/** The same tensors as constants. */
export const detached = <A extends Tensors>(tensors: A): A => Record.map(tensors, detach) as A

/** 0, with the derivative of `x`: adds a gradient to a loss and nothing to its value. `x` is finite. */
export const gradientOnly = <T extends tf.Tensor>(x: T): T => tf.sub(x, detach(x))
