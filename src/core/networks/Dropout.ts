/**
 * Dropout.
 *
 * Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { NetworkError, type Module } from "../Network.ts"

/**
 * In training, each element is kept with probability `keep` and divided by it, or set to 0, which preserves the mean.
 * Without noise, as in evaluation, it is the identity. The noise `mask` is uniform, with the input's shape; an element
 * is kept if its noise is below `keep`.
 *
 * Fails if `keep` is not above 0 and at most 1.
 */
export const dropout = (keep: number): Module => ({
  name: "dropout",
  spec: { _tag: "Dropout", keep },
  build: (input) =>
    keep > 0 && keep <= 1
      ? Result.succeed({
          output: input,
          parameters: {},
          noise: { mask: { distribution: "uniform", shape: input } },
          apply: (_, x, noise) =>
            noise === undefined ? x : tf.mul(x, tf.mul(tf.cast(tf.less(noise["mask"]!, keep), "float32"), 1 / keep))
        })
      : Result.fail(new NetworkError({ module: "", reason: `keep is ${keep}; it must be above 0 and at most 1` }))
})
