/**
 * Salt-and-pepper noise on the input, in training only. The objective compares with the clean image, so the network
 * learns to denoise.
 *
 * Source: Vincent et al. 2010, section 4.3, https://jmlr.org/papers/v11/vincent10a.html
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { NetworkError, type Module } from "../Network.ts"

export interface SaltAndPepperOptions {
  /** Fraction of the values that is replaced by 0 or 1 with equal probability; from 0 to 1. */
  readonly probability: number
}

/** The error of a probability; undefined if it is valid. */
export const probabilityProblem = (probability: number): string | undefined =>
  probability >= 0 && probability <= 1 ? undefined : `probability is ${probability}; it must be from 0 to 1`

/**
 * `x` with 0 where uniform noise in [0, 1) is below `probability / 2`, and 1 where it is `1 - probability / 2` or
 * above.
 */
export const corrupt = (x: number, uniform: number, probability: number): number =>
  uniform < probability / 2 ? 0 : uniform >= 1 - probability / 2 ? 1 : x

/** Applies `corrupt` to values of `[batch, ...shape]` with independent noise; the identity in evaluation. */
export const saltAndPepper = ({ probability }: SaltAndPepperOptions): Module => ({
  name: "salt-and-pepper",
  spec: { _tag: "SaltAndPepper", probability },
  build: (input) => {
    const problem = probabilityProblem(probability)
    if (problem !== undefined) return Result.fail(new NetworkError({ module: "", reason: problem }))
    return Result.succeed({
      output: input,
      parameters: {},
      noise: { values: { distribution: "uniform", shape: input } },
      apply: (_, x, noise) => {
        const uniform = noise?.["values"]
        if (uniform === undefined) return x
        const salted = tf.where(tf.greaterEqual(uniform, 1 - probability / 2), tf.onesLike(x), x)
        return tf.where(tf.less(uniform, probability / 2), tf.zerosLike(x), salted)
      }
    })
  }
})
