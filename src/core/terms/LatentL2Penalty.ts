/**
 * Half the mean square of the code, which pulls codes to the origin.
 *
 * Of the posterior's mean, before noise. For a posterior of fixed deviation it is the KL divergence divided by the number
 * of latent dimensions, up to a constant.
 *
 * Source: SimpleVAE, N. Lakmal Deshapriya 2020: `mean(latent²) / 2`
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LossTerm } from "../LossTerm.ts"

/** `½ Σ mean² / latent` over the latent dimensions, `[batch]`. */
export const LatentL2Penalty = (): LossTerm => ({
  // Specs keep the former name, so that run ids stay.
  spec: { _tag: "HalfMeanSquaredCode" },
  name: "half-mean-squared-code",
  value: ({ posterior }) => tf.mul(tf.mean(tf.square(posterior.mean), 1), 0.5)
})
