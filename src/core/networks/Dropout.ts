/**
 * Dropout.
 *
 * Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { NetworkError, type Module } from "../Network.ts"

/**
 * In training each element is kept with the probability `keep` and divided by it, or else is 0, so that its mean stays.
 * Without noise, as in evaluation, nothing changes. The noise `mask` is uniform, of the input's shape; an element is kept
 * where it is below `keep`.
 *
 * Fails where `keep` is not above 0 and at most 1.
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
