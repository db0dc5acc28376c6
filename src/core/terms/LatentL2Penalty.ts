/**
 * Half the mean square of the code, which pulls codes towards the origin.
 *
 * The code is the posterior's mean, before noise. For a posterior with fixed deviation this is the KL divergence
 * divided by the number of latent dimensions, up to a constant.
 *
 * Source: SimpleVAE, N. Lakmal Deshapriya 2020: `mean(latent²) / 2`
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LossTerm } from "../LossTerm.ts"

/** `½ Σ mean² / latent` over the latent dimensions, `[batch]`. */
export const LatentL2Penalty = (): LossTerm => ({
  // The term's former name, kept because specs determine run ids.
  spec: { _tag: "HalfMeanSquaredCode" },
  name: "half-mean-squared-code",
  value: ({ posterior }) => tf.mul(tf.mean(tf.square(posterior.mean), 1), 0.5)
})
