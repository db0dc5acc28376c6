/**
 * Evaluates tensor functions for the contract suites, on the plain backend, and checks for leaks.
 */
import { assert } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { useBackend } from "../core/engines/Backend.ts"
import { normal, uniform } from "../core/Random.ts"
import type { Time } from "../core/Schedule.ts"
import { float32, type HostTensor, type Shape, sizeOf, type Tensors } from "../core/Tensors.ts"

/** A tensor's shape and values. */
export interface Reading {
  readonly shape: Shape
  readonly values: Float32Array
}

/** Seeds for generated tensors. */
export const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))

/** Integers from `minimum` to `maximum`. */
export const integers = (minimum: number, maximum: number): typeof Schema.Int =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** `shape` filled with N(0, `scale`²). */
export const normalValues = (seed: number, stream: string, shape: Shape, scale = 1): HostTensor =>
  float32(
    shape,
    normal({ seed, stream, step: 0 }, sizeOf(shape)).map((value) => scale * value)
  )

/** `shape` filled uniformly in [0, 1), as images are. */
export const uniformValues = (seed: number, stream: string, shape: Shape): HostTensor =>
  float32(shape, uniform({ seed, stream, step: 0 }, sizeOf(shape)))

/** `shape` filled with one value. */
export const constantValues = (shape: Shape, value: number): HostTensor =>
  float32(shape, new Float32Array(sizeOf(shape)).fill(value))

/** The time of a step, 1 for the first, in a training with 10 steps per epoch. */
export const timeAt = (step: number): Time => ({ step: tf.scalar(step), stepsPerEpoch: 10 })

/** A host tensor inside a function given to `read`. */
export const toTensor = <T extends tf.Tensor = tf.Tensor>({ shape, values }: HostTensor): T =>
  tf.tensor(Float32Array.from(values), [...shape], "float32") as T

/** The results of `compute`. Fails if it leaks a tensor. */
export const read = <Names extends string>(
  compute: () => Readonly<Record<Names, tf.Tensor>>
): Readonly<Record<Names, Reading>> => {
  useBackend("cpu")
  const before = tf.memory().numTensors
  const readings: Record<string, Reading> = {}
  tf.tidy(() => {
    for (const [name, tensor] of Object.entries<tf.Tensor>(compute())) {
      readings[name] = { shape: [...tensor.shape], values: Float32Array.from(tensor.dataSync()) }
    }
  })
  assert.strictEqual(tf.memory().numTensors, before, "tensors left behind")
  return readings as Readonly<Record<Names, Reading>>
}

/** Asserts that every value is finite. */
export const assertFinite = (readings: Readonly<Record<string, Reading>>): void => {
  for (const [name, { values }] of Object.entries(readings)) {
    const wrong = values.findIndex((value) => !Number.isFinite(value))
    assert.strictEqual(wrong, -1, `${name}[${wrong}] is ${values[wrong]}`)
  }
}

/** Asserts that values differ by at most `tolerance` times the larger of 1 and their magnitude. */
export const assertClose = (
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = ""
): void => {
  assert.strictEqual(actual.length, expected.length, `${what} length`)
  for (let index = 0; index < expected.length; index++) {
    const bound = tolerance * Math.max(1, Math.abs(expected[index]!))
    // An assertion takes much longer than the comparison.
    if (Math.abs(actual[index]! - expected[index]!) <= bound) continue
    assert.closeTo(actual[index]!, expected[index]!, bound, `${what}[${index}]`)
  }
}

const total = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0)

/** Gradients of the sum of `compute`'s result, for each of its arguments. */
export const gradients = <Names extends string>(
  compute: (at: Readonly<Record<Names, tf.Tensor>>) => tf.Tensor,
  at: Readonly<Record<Names, HostTensor>>
): Readonly<Record<Names, Reading>> =>
  read(() => {
    const names = Object.keys(at) as Array<Names>
    const record = (tensors: ReadonlyArray<tf.Tensor>): Record<Names, tf.Tensor> =>
      Object.fromEntries(names.map((name, index) => [name, tensors[index]])) as Record<Names, tf.Tensor>
    const arguments_ = names.map((name) => toTensor(at[name]))
    const { grads } = tf.engine().gradients(() => tf.sum(compute(record(arguments_))), arguments_, undefined, true)
    // An argument without influence has no gradient.
    return record(grads.map((gradient, index) => gradient ?? tf.zerosLike(arguments_[index]!)))
  })

/** Unit directions of the differences: the axes if there are few, else the gradient mixed with noise. */
const directions = (gradient: Float32Array, name: string): ReadonlyArray<Float32Array> => {
  const unit = (values: Float32Array): Float32Array => {
    const norm = Math.hypot(...values)
    return norm === 0 ? values : values.map((value) => value / norm)
  }
  if (gradient.length <= 12) {
    return Array.from(gradient, (_, axis) => Float32Array.from(gradient, (_, index) => Number(index === axis)))
  }
  return [0, 1, 2].map((step) => {
    const noise = unit(normal({ seed: 0, stream: name, step }, gradient.length))
    return unit(unit(gradient).map((value, index) => value + step * noise[index]!))
  })
}

/**
 * Asserts that the gradients of the sum of `compute`'s result agree with central finite differences, argument by
 * argument, within `tolerance` times the gradient's norm.
 */
export const assertGradients = <Names extends string>(
  compute: (at: Readonly<Record<Names, tf.Tensor>>) => tf.Tensor,
  at: Readonly<Record<Names, HostTensor>>,
  options: { readonly step?: number; readonly tolerance?: number } = {}
): void => {
  const { step = 1 / 128, tolerance = 0.01 } = options
  const analytic = gradients(compute, at)
  assertFinite(analytic)
  for (const name of Object.keys(at) as Array<Names>) {
    const gradient = analytic[name].values
    const valueAt = (direction: Float32Array, distance: number): number => {
      const moved = { ...at[name], values: direction.map((value, index) => at[name].values[index]! + distance * value) }
      return total(
        read(() => ({
          value: compute(
            Object.fromEntries(
              Object.entries<HostTensor>({ ...at, [name]: moved }).map(([key, value]) => [key, toTensor(value)])
            ) as Record<Names, tf.Tensor>
          )
        })).value.values
      )
    }
    for (const direction of directions(gradient, name)) {
      const forward = valueAt(direction, step)
      const backward = valueAt(direction, -step)
      const expected = (forward - backward) / (2 * step)
      const actual = direction.reduce((sum, value, index) => sum + value * gradient[index]!, 0)
      const rounding = (1e-6 * (Math.abs(forward) + Math.abs(backward))) / step
      assert.closeTo(actual, expected, tolerance * Math.hypot(...gradient) + rounding, `gradient of ${name}`)
    }
  }
}

/** The rows of a tensor in another order. */
export const permuteRows = (tensor: HostTensor, order: ArrayLike<number>): HostTensor => {
  const length = sizeOf(tensor.shape.slice(1))
  const values = new Float32Array(tensor.values.length)
  for (let row = 0; row < order.length; row++) {
    values.set(tensor.values.subarray(order[row]! * length, (order[row]! + 1) * length), row * length)
  }
  return { ...tensor, values }
}

/** Every tensor of a record as a reading's host tensor. */
export const toTensors = (tensors: Readonly<Record<string, HostTensor>>): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toTensor(tensor)]))
