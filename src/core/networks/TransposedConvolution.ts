/**
 * A transposed convolutional layer: what a convolution's derivative by its input does, with weights of its own.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import type { Module } from "../Network.ts"
import type { ConvolutionOptions } from "./Convolution.ts"
import { denseInitializers } from "./Dense.ts"
import { checkCounts, checkImage, pair } from "./SlidingWindow.ts"

/**
 * Each element of the input, times the filter, added up where filters overlap, plus a bias: from
 * `[batch, height, width, channels]` to `[batch, rows, columns, filters]`, with `kernel`
 * `[height, width, filters, channels]` and `bias` `[filters]`.
 *
 * Sizes are Keras's: the input's times the stride with `same` padding, and what the filter reaches beyond with `valid`.
 * Fails on inputs that are not images, and on counts that are not whole numbers from 1.
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
        // As in Keras and PyTorch, inputs are counted on the axis before the last, where the filters are.
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
