/**
 * Larger images by repetition.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { type Module, stateless } from "../Network.ts"
import { checkCounts, checkImage, type Lengths, pair } from "./SlidingWindow.ts"

/**
 * Each element `factor` times along height and width, its nearest neighbours: from `[batch, height, width, channels]` to
 * `[batch, height factor, width factor, channels]`.
 *
 * Fails on inputs that are not images and on factors that are not whole numbers from 1.
 */
export const upsampling = (factor: Lengths = 2): Module => ({
  name: "upsampling",
  spec: { _tag: "Upsampling", factor: pair(factor) },
  build: (input) =>
    Result.gen(function* () {
      yield* checkCounts({ factor })
      const [height, width, channels] = yield* checkImage(input)
      const [rows, columns] = pair(factor)
      // Stretched by a product with ones, whose derivative is a plain sum.
      return stateless([height * rows, width * columns, channels], (x) => {
        const apart = tf.reshape(x, [x.shape[0]!, height, 1, width, 1, channels])
        const repeated = tf.mul(apart, tf.ones([1, 1, rows, 1, columns, 1]))
        return tf.reshape(repeated, [x.shape[0]!, height * rows, width * columns, channels])
      })
    })
})
