/**
 * Pooling, with its derivatives.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { HostTensor, Shape } from "../../core/Tensors.ts"
import { float32 } from "../../core/Tensors.ts"
import { type KernelCase, type KernelCases, of, floats, integers } from "../KernelCase.ts"

type Pad = "same" | "valid" | number

const options = { floor: 1e-6 }

const windows: ReadonlyArray<
  readonly [images: Shape, size: number | [number, number], strides: number | [number, number], pad: Pad]
> = [
  [[2, 4, 6, 3], 2, 2, "valid"],
  [[2, 4, 6, 3], 2, 2, "same"],
  [[2, 5, 7, 3], 2, 2, "same"],
  [[2, 5, 7, 3], 2, 2, "valid"],
  [[2, 5, 7, 2], 3, 2, "same"],
  [[2, 5, 7, 2], 3, 1, "same"],
  [[2, 5, 7, 2], 3, 1, "valid"],
  [[2, 7, 8, 1], [2, 3], [3, 1], "valid"],
  [[1, 7, 8, 1], [1, 3], [2, 2], "same"],
  [[1, 1, 1, 1], 2, 2, "same"],
  [[1, 3, 3, 2], 1, 1, "same"],
  [[2, 5, 4, 2], 3, 2, 1]
]

const pooled = (
  call: (x: any, size: number | [number, number], strides: number | [number, number], pad: Pad) => tf.Tensor,
  values: (shape: Shape) => HostTensor
): ReadonlyArray<KernelCase> =>
  windows.map(([images, size, strides, pad]) => of([values(images)], (x) => call(x, size, strides, pad), options))

/** Integers with many ties, as after `relu`. */
const ties = (shape: Shape): HostTensor =>
  float32(shape, floats(shape, -2, 2).values.map((value) => Math.max(0, Math.floor(value))) as Float32Array)

const largest: ReadonlyArray<KernelCase> = [
  ...pooled(tf.maxPool, floats),
  ...pooled(tf.maxPool, ties),
  of([float32([1, 4, 4, 2], new Float32Array(32))], (x) => tf.maxPool(x, 3, 1, "same"), options),
  of([integers([1, 4, 4, 2])], (x) => tf.maxPool(x, 2, 2, "same")),
  of([floats([4, 6, 3])], (x) => tf.maxPool(x, 2, 2, "valid"), options)
]

const averages: ReadonlyArray<KernelCase> = [
  ...pooled(tf.avgPool, floats),
  of([floats([4, 6, 3])], (x) => tf.avgPool(x, 2, 2, "valid"), options)
]

export const pooling: KernelCases = {
  AvgPool: averages,
  AvgPoolGrad: averages,
  MaxPool: largest,
  MaxPoolGrad: largest
}
