/**
 * No distribution at all: the code is the encoder's output, as in an autoencoder that is not variational.
 *
 * All the mass lies at one point, so that there is no density and the KL divergence to the prior is infinite.
 *
 * Source: step 4 of "Introduction to VAEs", after kvfrans
 */
import * as tf from "@tensorflow/tfjs-core"
import type { ContinuousFamily } from "../Posterior.ts"

/** `z = mean`, whatever the noise; deviation 0; neither `logProb` nor `kl`. */
export const Deterministic = (): ContinuousFamily => ({
  spec: { _tag: "Deterministic" },
  hasDensity: false,
  heads: ["mean"],
  fromHeads: ([mean]) => ({
    mean: mean!,
    get deviation() {
      return tf.zerosLike(mean!)
    },
    sample: () => mean!
  })
})
