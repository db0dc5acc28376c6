/**
 * Normalisation by given means and variances.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type KernelCases, of, floats } from "../KernelCase.ts"

const inputs = [floats([2, 3, 4, 5]), floats([5]), floats([5], 0.5, 2), floats([5]), floats([5], 0.5, 2)]

export const normalization: KernelCases = {
  FusedBatchNorm: [
    of(inputs, (x, mean, variance, offset, scale) => tf.batchNorm(x, mean, variance, offset, scale), { floor: 1e-4 }),
    of(inputs.slice(0, 3), (x, mean, variance) => tf.batchNorm(x, mean, variance, undefined, undefined, 0.1), {
      floor: 1e-4,
      gradient: false
    }),
    of([floats([6, 3]), floats([3]), floats([3], 0.5, 2)], (x, mean, variance) => tf.batchNorm(x, mean, variance), {
      floor: 1e-4,
      gradient: false
    })
  ]
}
