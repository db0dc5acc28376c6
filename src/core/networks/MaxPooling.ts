/**
 * Max pooling.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Module } from "../Network.ts"
import { pooling, type PoolingOptions } from "./Pooling.ts"

/**
 * The maximum of each window and channel: from `[batch, height, width, channels]` to `[batch, rows, columns,
 * channels]`. The gradient goes to the first of equal elements; padding is excluded.
 *
 * Fails for inputs that are not images, images smaller than an unpadded window, and counts that are not positive
 * integers.
 */
export const maxPooling = (options: PoolingOptions = {}): Module =>
  pooling("MaxPooling", "maxPooling", tf.maxPool, options)
