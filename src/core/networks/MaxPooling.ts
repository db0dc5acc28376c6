/**
 * Pooling by the largest element.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Module } from "../Network.ts"
import { pooling, type PoolingOptions } from "./Pooling.ts"

/**
 * The largest element of each window, channel by channel: from `[batch, height, width, channels]` to
 * `[batch, rows, columns, channels]`. The derivative goes to the first of equal elements; padding is never the largest.
 *
 * Fails on inputs that are not images, on images smaller than an unpadded window, and on counts that are not whole
 * numbers from 1.
 */
export const maxPooling = (options: PoolingOptions = {}): Module =>
  pooling("MaxPooling", "maxPooling", tf.maxPool, options)
