/**
 * What pooling layers have in common: a window that takes one number of each channel.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { type Module, stateless } from "../Network.ts"
import { checkCounts, checkImage, type Lengths, type Padding, pair, slide } from "./SlidingWindow.ts"

export interface PoolingOptions {
  /** Height and width of the windows; default: 2. */
  readonly size?: Lengths
  /** How far apart the windows are; default: their size, so that none overlap. */
  readonly stride?: Lengths
  /** Default: `valid`: what is left over at the end of an axis is left out. */
  readonly padding?: Padding
}

type Pool = (x: tf.Tensor4D, size: [number, number], stride: [number, number], padding: Padding) => tf.Tensor

/** From `[batch, height, width, channels]` to `[batch, rows, columns, channels]` by one of TensorFlow.js's pools. */
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
