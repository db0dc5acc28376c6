/**
 * A convolutional layer.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import type { Module } from "../Network.ts"
import { type DenseInitializer, denseInitializers } from "./Dense.ts"
import { checkCounts, checkImage, type Lengths, type Padding, pair, slide } from "./SlidingWindow.ts"

export interface ConvolutionOptions {
  /** Height and width of the filters; default: 3. */
  readonly kernel?: Lengths
  /** How far apart the filters' places are; default: 1. */
  readonly stride?: Lengths
  /** Default: `same`: the output has the input's size, divided by the stride and rounded up. */
  readonly padding?: Padding
  /** How first weights are drawn; default: `glorot-uniform`. A filter's inputs are all that it sees. */
  readonly initializer?: DenseInitializer
}

/**
 * Each filter's products with what it sees, summed, plus a bias: from `[batch, height, width, channels]` to
 * `[batch, rows, columns, filters]`, with `kernel` `[height, width, channels, filters]` and `bias` `[filters]`.
 *
 * Fails on inputs that are not images, on images smaller than an unpadded filter, and on counts that are not whole
 * numbers from 1.
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
