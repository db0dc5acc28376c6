/**
 * MIWAE: the mean of several importance-weighted bounds, each of its own codes.
 *
 * With one bound it is `ImportanceWeighted`, with one sample per bound the ELBO's mean over the codes. More bounds raise
 * the signal-to-noise ratio of the encoder's gradient, more samples tighten each bound.
 *
 * Source: Rainforth et al. 2018, "Tighter variational bounds are not necessarily better",
 * https://arxiv.org/abs/1802.04537
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Layer } from "effect"
import { logMeanWeight, weightedTerms } from "../ImportanceWeights.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import { countsProblem } from "../OptionProblem.ts"

export interface MiwaeOptions {
  /** Number of bounds that are averaged, from 1. The paper's M. */
  readonly bounds: number
  /** Codes drawn per bound, from 1. The paper's K. */
  readonly samples: number
}

/** `loss = -1/M Σ log 1/K Σ w` over an example's M K codes, `[batch]`, in nats, with `w = p(x, z) / q(z | x)`. */
export const terms =
  ({ bounds, samples }: MiwaeOptions) =>
  (inputs: ObjectiveInputs): Terms =>
    weightedTerms(inputs, bounds * samples, ({ logWeights }) =>
      tf.neg(tf.mean(logMeanWeight(tf.reshape(logWeights, [samples, bounds, -1])), 0))
    )

/** Provides the objective. Fails with `ObjectiveError` where a number is not a whole one from 1. */
export const layer = (options: MiwaeOptions): Layer.Layer<Objective, ObjectiveError> => {
  const { bounds, samples } = options
  const reason = countsProblem({ bounds, samples })
  return objectiveLayer("Miwae", reason, {
    spec: { _tag: "Miwae", bounds, samples },
    needsKl: true,
    draws: bounds * samples,
    terms: terms(options)
  })
}
