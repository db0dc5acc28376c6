/**
 * The ELBO with free bits: each latent dimension may use so many nats at no cost, so that training does not give it up.
 *
 * Looks at a batch, over which a dimension's divergence is averaged before it is compared.
 *
 * Source: Kingma et al. 2016, eq. 15, https://arxiv.org/abs/1606.04934
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Layer } from "effect"
import { divergence, divergenceTerm, drawCodes } from "../Divergence.ts"
import type { FactorizedPosterior } from "../Model.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import type { PriorQuantiles } from "../Prior.ts"
import { type Numeric, scheduled, specOf, valueAt, weightProblem } from "../Schedule.ts"

export interface FreeBitsOptions {
  /** Free nats per latent dimension, from 0; 0 is the ELBO. */
  readonly nats: Numeric
}

/**
 * `loss = -log p(x | z) + Σ_d max(nats, KL_d)`, `[batch]`, with `KL_d` the batch's mean divergence of dimension d, reported
 * in sum as `charged-kl`. Infinite for a posterior without a closed form of independent dimensions.
 */
export const terms =
  ({ nats }: FreeBitsOptions) =>
  ({ decode, images, noise, posterior, prior, time }: ObjectiveInputs): Terms => {
    const drawn = drawCodes(posterior, noise)
    const reconstruction = tf.neg<tf.Tensor1D>(decode(drawn.codes).logProb(images))
    const others = { reconstruction, ...divergenceTerm(divergence(posterior, prior, drawn)) }
    const [batch] = posterior.mean.shape
    const each = prior.klByDimension?.(posterior)
    if (each === undefined) return { loss: tf.fill([batch], Number.POSITIVE_INFINITY), ...others }
    const charged = tf.sum(tf.maximum(tf.mean(each, 0), valueAt(nats, time)))
    const term = tf.add(tf.zeros<tf.Rank.R1>([batch]), charged) as tf.Tensor1D
    return { loss: tf.add(reconstruction, term), ...others, "charged-kl": term }
  }

/**
 * Provides the objective; asks for a posterior and a prior of independent dimensions. Fails with `ObjectiveError` where
 * the free nats are negative or not finite.
 */
export const layer = (
  options: FreeBitsOptions
): Layer.Layer<Objective, ObjectiveError, FactorizedPosterior | PriorQuantiles> => {
  const { nats } = options
  const reason = weightProblem("nats", nats)
  return objectiveLayer("FreeBits", reason, {
    spec: { _tag: "FreeBits", nats: specOf(nats) },
    scope: "batch",
    needsKl: true,
    schedules: scheduled({ nats }),
    terms: terms(options)
  })
}
