/**
 * CIWAE: a weighted mean of the ELBO and the importance-weighted bound of the same codes.
 *
 * With β = 0 it is `ImportanceWeighted`, with β = 1 the ELBO's mean over the codes, its KL divergence estimated at them.
 * The ELBO's share keeps a signal in the encoder's gradient, however many samples there are.
 *
 * Source: Rainforth et al. 2018, "Tighter variational bounds are not necessarily better",
 * https://arxiv.org/abs/1802.04537
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Layer } from "effect"
import { logMeanWeight, weightedTerms } from "../ImportanceWeights.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import { maximumOf, type Numeric, scheduled, specOf, valueAt, weightProblem } from "../Schedule.ts"
import { countProblem } from "../OptionProblem.ts"

export interface CiwaeOptions {
  /** Weight of the ELBO, from 0 to 1; the importance-weighted bound has the rest. */
  readonly beta: Numeric
  /** Codes drawn per example, from 1. */
  readonly samples: number
}

/** `loss = -(β 1/K Σ log w + (1 - β) log 1/K Σ w)` over an example's K codes, `[batch]`, with `w = p(x, z) / q(z | x)`. */
export const terms =
  ({ beta, samples }: CiwaeOptions) =>
  (inputs: ObjectiveInputs): Terms =>
    weightedTerms(inputs, samples, ({ logWeights }) => {
      const bound = logMeanWeight(logWeights)
      const gap = tf.sub(tf.mean(logWeights, 0), bound)
      return tf.neg(tf.add(bound, tf.mul(gap, valueAt(beta, inputs.time))))
    })

/** Provides the objective. Fails with `ObjectiveError` where β leaves [0, 1] or the samples are not a positive integer. */
export const layer = (options: CiwaeOptions): Layer.Layer<Objective, ObjectiveError> => {
  const { beta, samples } = options
  const highest = maximumOf(beta)
  const reason =
    countProblem("samples", samples) ??
    weightProblem("beta", beta) ??
    (highest <= 1 ? undefined : `beta is up to ${highest}; it must be a number from 0 to 1`)
  return objectiveLayer("Ciwae", reason, {
    spec: { _tag: "Ciwae", beta: specOf(beta), samples },
    needsKl: true,
    draws: samples,
    schedules: scheduled({ beta }),
    terms: terms(options)
  })
}
