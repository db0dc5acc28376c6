/**
 * Pooling by the mean.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Module } from "../Network.ts"
import { pooling, type PoolingOptions } from "./Pooling.ts"

/**
 * The mean of each window, channel by channel: from `[batch, height, width, channels]` to
 * `[batch, rows, columns, channels]`. Padding does not count.
 *
 * Fails on inputs that are not images, on images smaller than an unpadded window, and on counts that are not whole
 * numbers from 1.
 */
export const averagePooling = (options: PoolingOptions = {}): Module =>
  pooling("AveragePooling", "averagePooling", tf.avgPool, options)
