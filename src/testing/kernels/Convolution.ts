/**
 * Convolutions, forwards and transposed, with their derivatives.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Shape } from "../../core/Tensors.ts"
import { type KernelCase, type KernelCases, of, floats } from "../KernelCase.ts"

type Pad = "same" | "valid" | number | tf.backend_util.ExplicitPadding
type Four = [number, number, number, number]

/** Sums of a few hundred products of about 1. */
const floor = 1e-4

const convolved = (images: Shape, filter: Shape, strides: number | [number, number], pad: Pad): KernelCase =>
  of([floats(images), floats(filter, -1, 1)], (x, w) => tf.conv2d(x, w, strides, pad), { floor })

const dilated = (images: Shape, filter: Shape, pad: Pad, dilations: number | [number, number]): KernelCase =>
  of([floats(images), floats(filter, -1, 1)], (x, w) => tf.conv2d(x, w, 1, pad, "NHWC", dilations), {
    floor,
    gradient: false
  })

/** Filters of a transposed convolution are `[height, width, out, in]`. */
const transposed = (
  codes: Shape,
  filter: Shape,
  output: Four,
  strides: number | [number, number],
  pad: "same" | "valid" | tf.backend_util.ExplicitPadding
): KernelCase =>
  of([floats(codes), floats(filter, -1, 1)], (x, w) => tf.conv2dTranspose(x, w, output, strides, pad), { floor })

const explicit: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [1, 2],
  [2, 0],
  [0, 0]
]

const convolutionCases: ReadonlyArray<KernelCase> = [
  convolved([2, 5, 6, 3], [3, 3, 3, 4], 1, "same"),
  convolved([2, 5, 6, 3], [3, 3, 3, 4], 1, "valid"),
  convolved([2, 5, 6, 3], [3, 3, 3, 4], 2, "same"),
  convolved([2, 6, 7, 3], [3, 3, 3, 4], 2, "same"),
  convolved([2, 6, 8, 2], [3, 3, 2, 2], 2, "valid"),
  convolved([1, 7, 7, 1], [3, 3, 1, 1], 1, "same"),
  convolved([1, 1, 1, 1], [1, 1, 1, 1], 1, "valid"),
  convolved([1, 1, 1, 2], [3, 3, 2, 1], 1, "same"),
  convolved([3, 4, 4, 2], [1, 1, 2, 5], 1, "same"),
  convolved([3, 5, 4, 2], [1, 1, 2, 5], 2, "same"),
  convolved([2, 4, 5, 1], [2, 2, 1, 3], 1, "same"),
  convolved([2, 4, 5, 3], [2, 3, 3, 1], [1, 2], "same"),
  convolved([2, 9, 5, 2], [5, 1, 2, 3], [3, 1], "valid"),
  convolved([2, 9, 8, 2], [2, 2, 2, 3], 3, "same"),
  convolved([2, 9, 8, 2], [2, 2, 2, 3], 3, "valid"),
  convolved([2, 5, 4, 2], [3, 3, 2, 3], 1, 2),
  convolved([2, 6, 5, 2], [2, 2, 2, 3], 1, 2),
  convolved([2, 6, 5, 2], [3, 3, 2, 3], 2, 1),
  convolved([2, 6, 5, 2], [3, 4, 2, 3], 1, explicit),
  convolved([2, 6, 5, 2], [3, 4, 2, 3], 2, explicit),
  convolved([2, 28, 28, 1], [3, 3, 1, 8], 1, "same"),
  convolved([2, 14, 14, 16], [3, 3, 16, 16], 1, "same"),
  convolved([2, 28, 28, 1], [3, 3, 1, 2], 1, "valid"),
  convolved([2, 8, 7, 1], [5, 4, 1, 8], 2, "same"),
  convolved([2, 7, 9, 3], [3, 3, 3, 2], [2, 1], "same"),
  convolved([2, 6, 5, 2], [3, 3, 2, 3], 1, 4),
  // Enough channels for blocks of them.
  convolved([2, 6, 5, 8], [3, 3, 8, 9], 1, "same"),
  convolved([2, 5, 6, 12], [2, 3, 12, 16], [2, 1], "valid"),
  convolved([2, 7, 5, 32], [3, 2, 32, 24], 2, "same"),
  convolved([1, 4, 3, 24], [1, 1, 24, 8], 1, "same"),
  dilated([2, 9, 8, 16], [3, 2, 16, 8], "valid", [2, 3]),
  of(
    [
      floats([2, 7, 6, 16]),
      floats([3, 3, 16, 16], -0.1, 0.1),
      floats([16]),
      floats([3, 3, 16, 8], -0.1, 0.1),
      floats([8])
    ],
    (x, first, bias, second, shift) => {
      const hidden = tf.relu<tf.Tensor4D>(tf.add(tf.conv2d(x, first, 1, "same"), bias))
      return tf.relu(tf.add(tf.conv2d(hidden, second, 2, "valid"), shift))
    },
    { floor }
  ),
  dilated([2, 9, 8, 2], [3, 3, 2, 3], "same", 2),
  dilated([2, 9, 8, 2], [3, 2, 2, 3], "valid", [2, 3]),
  of([floats([5, 6, 3]), floats([3, 3, 3, 4])], (x, w) => tf.conv2d(x, w, 1, "same"), { floor }),
  // A chain, in which layouts need not change between layers.
  of(
    [floats([2, 8, 6, 1]), floats([3, 3, 1, 4], -1, 1), floats([4]), floats([3, 3, 4, 3], -1, 1), floats([3])],
    (x, first, bias, second, shift) => {
      const hidden = tf.relu<tf.Tensor4D>(tf.add(tf.conv2d(x, first, 1, "same"), bias))
      return tf.tanh(tf.mul(tf.add(tf.conv2d(hidden, second, 2, "same"), shift), 0.1))
    },
    { floor }
  ),
  // Both of images and of something that has another layout.
  of(
    [floats([2, 4, 4, 3]), floats([3, 3, 3, 3], -1, 1), floats([2, 4, 4, 3])],
    (x, w, other) => tf.add(tf.mul(tf.conv2d(x, w, 1, "same"), other), tf.sigmoid(x)),
    { floor }
  )
]

export const convolutions: KernelCases = {
  Conv2D: convolutionCases,
  Conv2DBackpropFilter: convolutionCases,
  Conv2DBackpropInput: [
    transposed([2, 3, 4, 3], [3, 3, 2, 3], [2, 6, 8, 2], 2, "same"),
    transposed([2, 3, 4, 3], [3, 3, 2, 3], [2, 5, 7, 2], 2, "same"),
    transposed([2, 3, 4, 3], [3, 3, 2, 3], [2, 7, 9, 2], 2, "valid"),
    transposed([2, 3, 4, 3], [3, 3, 2, 3], [2, 8, 10, 2], 2, "valid"),
    transposed([2, 3, 4, 3], [3, 3, 2, 3], [2, 3, 4, 2], 1, "same"),
    transposed([2, 3, 4, 3], [3, 3, 2, 3], [2, 5, 6, 2], 1, "valid"),
    transposed([2, 3, 4, 3], [2, 2, 1, 3], [2, 6, 8, 1], 2, "same"),
    transposed([1, 3, 3, 1], [3, 3, 1, 1], [1, 6, 6, 1], 2, "same"),
    transposed([1, 2, 3, 4], [1, 1, 2, 4], [1, 2, 3, 2], 1, "same"),
    transposed([2, 3, 2, 2], [4, 3, 2, 2], [2, 9, 4, 2], [3, 2], "same"),
    transposed([2, 3, 3, 2], [3, 3, 2, 2], [2, 5, 4, 2], 2, [
      [0, 0],
      [1, 1],
      [1, 2],
      [0, 0]
    ]),
    transposed([2, 14, 14, 16], [3, 3, 16, 16], [2, 28, 28, 16], 2, "same")
  ]
}
