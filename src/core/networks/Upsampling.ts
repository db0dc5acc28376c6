/**
 * Nearest-neighbour upsampling.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { type Module, stateless } from "../Network.ts"
import { checkCounts, checkImage, type Lengths, pair } from "./SlidingWindow.ts"

/**
 * Repeats each element `factor` times along height and width: from `[batch, height, width, channels]` to
 * `[batch, height * factor, width * factor, channels]`.
 *
 * Fails for inputs that are not images and factors that are not positive integers.
 */
export const upsampling = (factor: Lengths = 2): Module => ({
  name: "upsampling",
  spec: { _tag: "Upsampling", factor: pair(factor) },
  build: (input) =>
    Result.gen(function* () {
      yield* checkCounts({ factor })
      const [height, width, channels] = yield* checkImage(input)
      const [rows, columns] = pair(factor)
      // A product with ones broadcasts, and its gradient is a plain sum.
      return stateless([height * rows, width * columns, channels], (x) => {
        const apart = tf.reshape(x, [x.shape[0]!, height, 1, width, 1, channels])
        const repeated = tf.mul(apart, tf.ones([1, 1, rows, 1, columns, 1]))
        return tf.reshape(repeated, [x.shape[0]!, height * rows, width * columns, channels])
      })
    })
})
