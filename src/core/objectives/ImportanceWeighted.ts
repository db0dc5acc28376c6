/**
 * The negative importance-weighted bound: several codes per example, whose weights are averaged before the logarithm.
 *
 * With one sample it is the ELBO, its KL divergence estimated at the code; with more it comes nearer to `-log p(x)` from
 * above. The signal-to-noise ratio of the encoder's gradient falls as `1 / √samples` (Rainforth et al. 2018): `Miwae`,
 * `Ciwae`, `Piwae` and `DoublyReparametrised` are what helps.
 *
 * Source: Burda, Grosse and Salakhutdinov 2015, eq. 8, https://arxiv.org/abs/1509.00519
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Layer } from "effect"
import { logMeanWeight, weightedTerms } from "../ImportanceWeights.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import { countProblem } from "../OptionProblem.ts"

export interface ImportanceWeightedOptions {
  /** Codes drawn per example, from 1. */
  readonly samples: number
}

/** `loss = -log 1/K Σ w` over an example's K codes, `[batch]`, in nats, with `w = p(x, z) / q(z | x)`. */
export const terms =
  ({ samples }: ImportanceWeightedOptions) =>
  (inputs: ObjectiveInputs): Terms =>
    weightedTerms(inputs, samples, ({ logWeights }) => tf.neg(logMeanWeight(logWeights)))

/** Provides the importance-weighted bound. Fails with `ObjectiveError` where the samples are not a positive integer. */
export const layer = (options: ImportanceWeightedOptions): Layer.Layer<Objective, ObjectiveError> => {
  const { samples } = options
  const reason = countProblem("samples", samples)
  return objectiveLayer("ImportanceWeighted", reason, {
    spec: { _tag: "ImportanceWeighted", samples },
    needsKl: true,
    draws: samples,
    terms: terms(options)
  })
}
