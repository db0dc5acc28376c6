/**
 * A 2-D transposed convolution: the gradient of a convolution with respect to its input, as a layer.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import type { Module } from "../Network.ts"
import type { ConvolutionOptions } from "./Convolution.ts"
import { denseInitializers } from "./Dense.ts"
import { checkCounts, checkImage, pair } from "./SlidingWindow.ts"

/**
 * Transposed convolution plus bias: from `[batch, height, width, channels]` to `[batch, rows, columns, filters]`, with
 * `kernel` `[height, width, filters, channels]` and `bias` `[filters]`.
 *
 * The output sizes are those of Keras: with `same` padding the input size times the stride, with `valid` padding also
 * the overhang of the filter. Fails for inputs that are not images and counts that are not positive integers.
 */
export const transposedConvolution = (filters: number, options: ConvolutionOptions = {}): Module => {
  const { kernel = 3, stride = 1, padding = "same", initializer = "glorot-uniform" } = options
  return {
    name: "transposedConvolution",
    spec: { _tag: "TransposedConvolution", filters, kernel: pair(kernel), stride: pair(stride), padding, initializer },
    build: (input) =>
      Result.gen(function* () {
        yield* checkCounts({ filters, kernel, stride })
        const [height, width, channels] = yield* checkImage(input)
        const size = pair(kernel)
        const steps = pair(stride)
        const beyond = (axis: 0 | 1): number => (padding === "same" ? 0 : Math.max(size[axis] - steps[axis], 0))
        const rows = height * steps[0] + beyond(0)
        const columns = width * steps[1] + beyond(1)
        // As in Keras and PyTorch, the fan-in is computed from the second-to-last axis, the filters.
        const drawn = denseInitializers[initializer](size[0] * size[1] * filters)
        return {
          output: [rows, columns, filters],
          parameters: {
            kernel: { shape: [...size, filters, channels], initializer: drawn.kernel },
            bias: { shape: [filters], initializer: drawn.bias }
          },
          noise: {},
          apply: (parameters, x) => {
            const shape: [number, number, number, number] = [x.shape[0]!, rows, columns, filters]
            const kernel = parameters["kernel"] as tf.Tensor4D
            const spread = tf.conv2dTranspose(x as tf.Tensor4D, kernel, shape, [...steps], padding)
            return tf.add(spread, parameters["bias"]!)
          }
        }
      })
  }
}
