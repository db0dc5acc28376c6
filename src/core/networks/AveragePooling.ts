/**
 * Average pooling.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Module } from "../Network.ts"
import { pooling, type PoolingOptions } from "./Pooling.ts"

/**
 * The mean of each window and channel: from `[batch, height, width, channels]` to `[batch, rows, columns, channels]`.
 * Padding is excluded.
 *
 * Fails for inputs that are not images, images smaller than an unpadded window, and counts that are not positive
 * integers.
 */
export const averagePooling = (options: PoolingOptions = {}): Module =>
  pooling("AveragePooling", "averagePooling", tf.avgPool, options)
