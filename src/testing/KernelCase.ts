/**
 * Test cases for tensor operations, to compare engines: shapes (scalars, axes of length 1, broadcasting), types and
 * extreme values.
 */
import * as tf from "@tensorflow/tfjs-core"
import { float32, type HostTensor, int32, type Shape, sizeOf } from "../core/Tensors.ts"

/** A call of tensor operations. */
export interface KernelCase {
  readonly inputs: ReadonlyArray<HostTensor>
  readonly call: (...inputs: Array<any>) => tf.Tensor | Array<tf.Tensor>
  /** Whether to compare gradients by all `float32` inputs; default: true. */
  readonly gradient: boolean
  /** Absolute tolerance, for sums in which numbers of about 1 cancel. */
  readonly floor: number
}

export interface Options {
  readonly gradient?: boolean
  readonly floor?: number
}

export const of = (
  inputs: ReadonlyArray<HostTensor>,
  call: KernelCase["call"],
  { gradient = true, floor = 1e-37 }: Options = {}
): KernelCase => ({ inputs, call, gradient, floor })

/** Deterministic pseudo-random numbers in [low, high). */
const numbers = (count: number, low: number, high: number): Array<number> =>
  Array.from({ length: count }, (_, index) => low + (high - low) * ((((index + 1) * 0.6180339887) % 1) * 0.9 + 0.05))

export const floats = (shape: Shape, low = -3, high = 3): HostTensor =>
  float32(shape, Float32Array.from(numbers(sizeOf(shape), low, high)))

export const integers = (shape: Shape, low = -5, high = 6): HostTensor =>
  int32(
    shape,
    Int32Array.from(numbers(sizeOf(shape), low, high), (value) => Math.floor(value))
  )

export const list = (...values: ReadonlyArray<number>): HostTensor =>
  float32([values.length], Float32Array.from(values))
export const integerList = (...values: ReadonlyArray<number>): HostTensor =>
  int32([values.length], Int32Array.from(values))

/** Boolean tensors inside a program. */
export const truth = (x: tf.Tensor): tf.Tensor => tf.cast(x, "bool")

const shapes: ReadonlyArray<Shape> = [[], [1], [5], [2, 3, 4], [1, 3, 1]]
const broadcasts: ReadonlyArray<readonly [Shape, Shape]> = [
  [[], []],
  [[3], []],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3]
  ],
  [
    [4, 1, 2],
    [3, 1]
  ],
  [
    [2, 3, 4],
    [2, 3, 4]
  ]
]

export const notFinite = list(NaN, Infinity, -Infinity)
export const extremes = list(
  -200,
  -90,
  -50,
  -20,
  -5,
  -1,
  -0.51,
  -0.49,
  -1e-3,
  -1e-6,
  -1e-20,
  0,
  1e-20,
  1e-6,
  1e-3,
  0.49,
  0.51,
  1,
  5,
  20,
  50,
  88,
  200
)

/** Cases of a unary function on its domain, extremes included. */
export const unary = (
  call: (x: any) => tf.Tensor,
  {
    low = -3,
    high = 3,
    values = extremes,
    beyond = true,
    ...options
  }: Options & {
    readonly low?: number
    readonly high?: number
    readonly values?: HostTensor
    /** Whether to test infinities and NaN too, without gradients. */
    readonly beyond?: boolean
  } = {}
): ReadonlyArray<KernelCase> => [
  ...shapes.map((shape) => of([floats(shape, low, high)], call, options)),
  of([values], call, options),
  ...(beyond ? [of([notFinite], call, { gradient: false })] : [])
]

/** Cases of a unary function on integers, with integer results. */
export const unaryInteger = (call: (x: any) => tf.Tensor): KernelCase =>
  of([integers([7], -9, 9)], call, { gradient: false })

export const binary = (
  call: (a: any, b: any) => tf.Tensor,
  { low = -3, high = 3, ...options }: Options & { readonly low?: number; readonly high?: number } = {}
): ReadonlyArray<KernelCase> =>
  broadcasts.flatMap(([a, b]) => [
    of([floats(a, low, high), floats(b, high / 2, low)], call, options),
    of([floats(b, low, high), floats(a, high / 2, low)], call, options)
  ])

/** For operations whose gradient TensorFlow.js supports only for equal shapes. */
export const binaryAlike = (call: (a: any, b: any) => tf.Tensor): ReadonlyArray<KernelCase> => [
  ...binary(call, { gradient: false }),
  of([floats([2, 3]), floats([2, 3], 3, -2)], call),
  of([floats([]), floats([], 3, -2)], call)
]

export const binaryInteger = (call: (a: any, b: any) => tf.Tensor): ReadonlyArray<KernelCase> =>
  broadcasts.map(([a, b]) => of([integers(a), integers(b, -3, 4)], call, { gradient: false }))

export const compared = (call: (a: any, b: any) => tf.Tensor): ReadonlyArray<KernelCase> => [
  of([list(1, 2, 3, NaN, Infinity, -Infinity, 0), list(2, 2, 2, NaN, Infinity, 3, -0)], call),
  of([integers([4, 1]), integers([5])], call),
  of([integerList(0, 0, 1, 1), integerList(0, 1, 0, 1)], (a, b) => call(truth(a), truth(b)))
]

export const logical = (call: (a: any, b: any) => tf.Tensor): ReadonlyArray<KernelCase> => [
  of([integerList(0, 0, 1, 1), integerList(0, 1, 0, 1)], (a, b) => call(truth(a), truth(b))),
  of([int32([2, 1], Int32Array.of(0, 1)), integerList(0, 1, 0)], (a, b) => call(truth(a), truth(b)))
]

/** Axes of reductions: all, one, the last, several, with and without `keepDims`. */
export const reduced = (
  call: (x: any, axis?: any, keepDims?: boolean) => tf.Tensor,
  options: Options & { readonly low?: number } = {}
): ReadonlyArray<KernelCase> => [
  of([floats([])], (x) => call(x), options),
  of([floats([1], options.low)], (x) => call(x, 0), options),
  of([floats([2, 3, 4], options.low)], (x) => call(x), options),
  of([floats([2, 3, 4], options.low)], (x) => call(x, 1), options),
  of([floats([2, 3, 4], options.low)], (x) => call(x, 2, true), options),
  of([floats([2, 3, 4], options.low)], (x) => call(x, -1), { ...options, gradient: false }),
  of([floats([2, 3, 4], options.low)], (x) => call(x, [0, 2]), options),
  of([floats([2, 3, 4], options.low)], (x) => call(x, [1, 2], true), options),
  of([floats([3, 1], options.low)], (x) => call(x, 1), options),
  of([integers([3, 4])], (x) => call(x, 1), { gradient: false })
]

export const truths = (call: (x: any, axis?: any, keepDims?: boolean) => tf.Tensor): ReadonlyArray<KernelCase> => [
  of([integers([3, 4], 0, 2)], (x) => call(truth(x))),
  of([integers([3, 4], 0, 2)], (x) => call(truth(x), 1)),
  of([integers([3, 1, 4], 0, 2)], (x) => call(truth(x), [0, 1], true))
]

export const moved = (shape: Shape, call: (x: any) => tf.Tensor | Array<tf.Tensor>): ReadonlyArray<KernelCase> => [
  of([floats(shape)], call),
  of([integers(shape)], call),
  of([integers(shape, 0, 2)], (x) => call(truth(x)))
]

/** Cases by kernel name. */
export type KernelCases = Readonly<Record<string, ReadonlyArray<KernelCase>>>
