/**
 * The negative β-ELBO: reconstruction plus β times the KL divergence to the prior.
 *
 * Source: Higgins et al. 2017, eq. 4, https://openreview.net/forum?id=Sy2fzU9gl
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Layer } from "effect"
import { divergence, divergenceTerm, drawCodes } from "../Divergence.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import { maximumOf, type Numeric, scheduled, specOf, valueAt, weightProblem } from "../Schedule.ts"

export interface BetaElboOptions {
  /** Weight of the KL divergence, from 0; 1 is the ELBO. A schedule for KL warm-up. */
  readonly beta: Numeric
}

/**
 * `loss = -log p(x | z) + β KL(q(z | x) || p(z))` with one code `z` per example, `[batch]`, in nats.
 *
 * With β = 0 the KL divergence has no part in the loss, so that one too large for float32 cannot make it NaN. A posterior
 * without a density has an infinite one, and so has the loss with any other β.
 */
export const terms =
  ({ beta }: BetaElboOptions) =>
  ({ images, posterior, prior, noise, decode, time }: ObjectiveInputs): Terms => {
    const drawn = drawCodes(posterior, noise)
    const reconstruction = tf.neg(decode(drawn.codes).logProb(images))
    const found = divergence(posterior, prior, drawn)
    const others = { reconstruction, ...divergenceTerm(found) }
    if (beta === 0) return { loss: reconstruction, ...others }
    if (found === undefined) return { loss: tf.fill([images.shape[0]], Number.POSITIVE_INFINITY), ...others }
    return { loss: tf.add(reconstruction, tf.mul(found.value, valueAt(beta, time))), ...others }
  }

/** Provides the β-ELBO. Fails with `ObjectiveError` where β is negative or not finite. */
export const layer = (options: BetaElboOptions): Layer.Layer<Objective, ObjectiveError> => {
  const { beta } = options
  const reason = weightProblem("beta", beta)
  return objectiveLayer("BetaElbo", reason, {
    spec: { _tag: "BetaElbo", beta: specOf(beta) },
    needsKl: maximumOf(beta) > 0,
    schedules: scheduled({ beta }),
    terms: terms(options)
  })
}
