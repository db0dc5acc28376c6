/**
 * A diagonal Gaussian whose encoder gives the mean and `sigma` itself: `z = mean + sigma noise`.
 *
 * Nothing keeps `sigma` from 0 or from a negative value; its sign has no meaning. First weights put it near 0, where the
 * KL divergence, which holds `-log sigma²`, has the slope `sigma - 1 / sigma`: without bound, and of the other sign across
 * 0. A step taken there throws `sigma` far away, and at 0 the loss is infinite. So training may diverge; this family is
 * here to be compared with `SoftplusGaussian`.
 *
 * Source: the first of simple-vae's two parametrisations of the scale
 */
import * as tf from "@tensorflow/tfjs-core"
import type { FactorizedFamily } from "../Posterior.ts"
import { diagonalGaussian, everyDraw } from "./DiagonalGaussian.ts"

/** `N(mean, diag(sigma²))` with `deviation = |sigma|`; `kl` is infinite and has no gradient where `sigma` is 0. */
export const LinearGaussian = (): FactorizedFamily => ({
  spec: { _tag: "LinearGaussian" },
  factorized: true,
  heads: ["mean", "sigma"],
  fromHeads: ([mean, sigma]) => ({
    ...diagonalGaussian(mean!, tf.log(tf.abs(sigma!))),
    get deviation() {
      return tf.abs(sigma!)
    },
    sample: (noise) => everyDraw(mean!.shape[0], noise, (noise) => tf.add(mean!, tf.mul(sigma!, noise)))
  })
})
