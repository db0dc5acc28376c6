/**
 * The negative importance-weighted bound: several codes per example, whose weights are averaged before the logarithm.
 *
 * With one sample it is the ELBO, its KL divergence estimated at the code; with more it comes nearer to `-log p(x)` from
 * above.
 *
 * Source: Burda, Grosse and Salakhutdinov 2015, eq. 8, https://arxiv.org/abs/1509.00519
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { divergence, divergenceTerm, drawCodes } from "../Divergence.ts"
import { importanceWeights } from "../ImportanceWeights.ts"
import { logSumExp } from "../LogSumExp.ts"
import { Objective, ObjectiveError, type ObjectiveInputs, type Terms } from "../Objective.ts"

export interface ImportanceWeightedOptions {
  /** Codes drawn per example, from 1. */
  readonly samples: number
}

/**
 * `loss = log samples - log Σ exp(log p(x | z) + log p(z) - log q(z | x))` over an example's codes `z`, `[batch]`, in nats.
 *
 * `reconstruction` is the mean of `-log p(x | z)` over them; the divergence is reported and has no part in the loss. A posterior without a density has an infinite loss.
 */
export const terms =
  ({ samples }: ImportanceWeightedOptions) =>
  ({ images, posterior, prior, noise, decode }: ObjectiveInputs): Terms => {
    const drawn = drawCodes(posterior, noise)
    const weights = importanceWeights({ decode, images, prior }, drawn)
    if (weights === undefined) {
      const reconstruction = tf.neg(decode(posterior.mean).logProb(images))
      return { loss: tf.fill([images.shape[0]], Number.POSITIVE_INFINITY), reconstruction }
    }
    const bySample = (values: tf.Tensor): tf.Tensor2D => tf.reshape(values, [samples, -1])
    return {
      loss: tf.sub(Math.log(samples), logSumExp(bySample(weights.logWeights)) as tf.Tensor1D),
      reconstruction: tf.neg(tf.mean(bySample(weights.logLikelihood), 0)),
      ...divergenceTerm(divergence(posterior, prior, drawn))
    }
  }

/** Provides the importance-weighted bound. Fails with `ObjectiveError` where the samples are not a whole number from 1. */
export const layer = (options: ImportanceWeightedOptions): Layer.Layer<Objective, ObjectiveError> => {
  const { samples } = options
  const reason = `samples is ${samples}; it must be a whole number from 1`
  return Layer.effect(
    Objective,
    Number.isSafeInteger(samples) && samples >= 1
      ? Effect.succeed({
          spec: { _tag: "ImportanceWeighted", samples },
          needsKl: true,
          draws: samples,
          terms: terms(options)
        })
      : Effect.fail(new ObjectiveError({ objective: "ImportanceWeighted", reason }))
  )
}
