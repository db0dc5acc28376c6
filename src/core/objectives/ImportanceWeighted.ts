/**
 * The negative importance-weighted bound: several codes an example, whose weights are averaged before the logarithm.
 *
 * With one sample it is the ELBO, its KL divergence estimated at the code; with more it comes nearer to `-log p(x)` from
 * above.
 *
 * Source: Burda, Grosse and Salakhutdinov 2015, eq. 8, https://arxiv.org/abs/1509.00519
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { Objective, ObjectiveError, type ObjectiveInputs, type Terms } from "../Objective.ts"
import { halfLogTwoPi } from "../posteriors/DiagonalGaussian.ts"

export interface ImportanceWeightedOptions {
  /** Codes drawn an example, from 1. */
  readonly samples: number
}

/**
 * `log Σ exp(x)` over the first axis, `[batch]` from `[samples, batch]`: finite wherever the largest is.
 *
 * Its derivative is the softmax, which has the same exponentials.
 */
const logSumExp = tf.customGrad<tf.Tensor1D>((...inputs) => {
  const [x, save] = inputs as [tf.Tensor2D, tf.GradSaveFunc]
  const largest = tf.max(x, 0, true)
  const exponentials = tf.exp(tf.sub(x, largest))
  const sum = tf.sum(exponentials, 0, true)
  save([exponentials, sum])
  return {
    value: tf.squeeze(tf.add(largest, tf.log(sum)), [0]),
    gradFunc: (weights, saved) => {
      const [exponentials, sum] = saved as [tf.Tensor2D, tf.Tensor2D]
      return tf.mul(exponentials, tf.div(weights, sum))
    }
  }
})

/**
 * `loss = log samples - log Σ exp(log p(x | z) + log p(z) - log q(z | x))` over an example's codes `z`, `[batch]`, in nats.
 *
 * `reconstruction` is the mean of `-log p(x | z)` over them; `kl` is the analytic divergence, which has no part in the
 * loss. A posterior without a density has an infinite loss.
 */
export const terms =
  ({ samples }: ImportanceWeightedOptions) =>
  ({ images, posterior, noise, decode }: ObjectiveInputs): Terms => {
    const { kl, logProb } = posterior
    if (kl === undefined || logProb === undefined) {
      const reconstruction = tf.neg(decode(posterior.mean).logProb(images))
      return { loss: tf.fill([images.shape[0]], Number.POSITIVE_INFINITY), reconstruction }
    }
    const codes = posterior.sample(noise)
    const logLikelihood = decode(codes).logProb(samples === 1 ? images : tf.tile(images, [samples, 1, 1, 1]))
    const logPrior = tf.neg(tf.sum(tf.add(tf.mul(tf.square(codes), 0.5), halfLogTwoPi), 1))
    const logWeights = tf.sub(tf.add(logLikelihood, logPrior), logProb(codes))
    const bySample = (values: tf.Tensor): tf.Tensor2D => tf.reshape(values, [samples, -1])
    return {
      loss: tf.sub(Math.log(samples), logSumExp(bySample(logWeights))),
      reconstruction: tf.neg(tf.mean(bySample(logLikelihood), 0)),
      kl: kl()
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
