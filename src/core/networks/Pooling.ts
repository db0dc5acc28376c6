/**
 * The common part of the pooling layers.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { type Module, stateless } from "../Network.ts"
import { checkCounts, checkImage, type Lengths, type Padding, pair, slide } from "./SlidingWindow.ts"

export interface PoolingOptions {
  /** Height and width of the windows; default: 2. */
  readonly size?: Lengths
  /** Stride of the windows; default: their size. */
  readonly stride?: Lengths
  /** `valid`: a remainder at the end of an axis is dropped; default: `valid`. */
  readonly padding?: Padding
}

type Pool = (x: tf.Tensor4D, size: [number, number], stride: [number, number], padding: Padding) => tf.Tensor

/**
 * A pooling layer, `[batch, height, width, channels]` to `[batch, rows, columns, channels]`, by a TensorFlow.js
 * function.
 */
export const pooling = (tag: string, name: string, pool: Pool, options: PoolingOptions): Module => {
  const { size = 2, stride = size, padding = "valid" } = options
  return {
    name,
    spec: { _tag: tag, size: pair(size), stride: pair(stride), padding },
    build: (input) =>
      Result.gen(function* () {
        yield* checkCounts({ size, stride })
        const image = yield* checkImage(input)
        const output = yield* slide(image, { size: pair(size), stride: pair(stride), padding })
        return stateless([...output, image[2]], (x) =>
          pool(x as tf.Tensor4D, [...pair(size)], [...pair(stride)], padding)
        )
      })
  }
}
