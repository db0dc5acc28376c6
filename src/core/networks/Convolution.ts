/**
 * A 2-D convolution.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import type { Module } from "../Network.ts"
import { type DenseInitializer, denseInitializers } from "./Dense.ts"
import { checkCounts, checkImage, type Lengths, type Padding, pair, slide } from "./SlidingWindow.ts"

export interface ConvolutionOptions {
  /** Height and width of the filters; default: 3. */
  readonly kernel?: Lengths
  /** Stride of the filters; default: 1. */
  readonly stride?: Lengths
  /** `same`: the output size is the input size divided by the stride, rounded up; default: `same`. */
  readonly padding?: Padding
  /** Initialisation of the weights, with fan-in `kernel area * channels`; default: `glorot-uniform`. */
  readonly initializer?: DenseInitializer
}

/**
 * Convolution plus bias: from `[batch, height, width, channels]` to `[batch, rows, columns, filters]`, with `kernel`
 * `[height, width, channels, filters]` and `bias` `[filters]`.
 *
 * Fails for inputs that are not images, images smaller than an unpadded filter, and counts that are not positive
 * integers.
 */
export const convolution = (filters: number, options: ConvolutionOptions = {}): Module => {
  const { kernel = 3, stride = 1, padding = "same", initializer = "glorot-uniform" } = options
  return {
    name: "convolution",
    spec: { _tag: "Convolution", filters, kernel: pair(kernel), stride: pair(stride), padding, initializer },
    build: (input) =>
      Result.gen(function* () {
        yield* checkCounts({ filters, kernel, stride })
        const image = yield* checkImage(input)
        const size = pair(kernel)
        const output = yield* slide(image, { size, stride: pair(stride), padding })
        const drawn = denseInitializers[initializer](size[0] * size[1] * image[2])
        return {
          output: [...output, filters],
          parameters: {
            kernel: { shape: [...size, image[2], filters], initializer: drawn.kernel },
            bias: { shape: [filters], initializer: drawn.bias }
          },
          noise: {},
          apply: (parameters, x) =>
            tf.add(
              tf.conv2d(x as tf.Tensor4D, parameters["kernel"] as tf.Tensor4D, [...pair(stride)], padding),
              parameters["bias"]!
            )
        }
      })
  }
}
