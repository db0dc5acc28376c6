/**
 * The importance-weighted bound with the doubly reparametrised gradient: the encoder's gradient passes through the codes
 * alone, and its signal-to-noise ratio grows with the samples instead of falling.
 *
 * The loss has the value of `ImportanceWeighted`, and so has the gradient for decoder and prior; that for the encoder is
 * another unbiased estimate. With one sample it is the ELBO with the gradient of Roeder et al. 2017, whose variance is 0
 * where the posterior is exact.
 *
 * Source: Tucker et al. 2018, "Doubly reparameterized gradient estimators for Monte Carlo objectives",
 * https://arxiv.org/abs/1810.04152
 */
import * as tf from "@tensorflow/tfjs-core"
import { Layer } from "effect"
import {
  byDraw,
  logJoint,
  logMeanWeight,
  normalisedWeights,
  weightedTerms,
  withGradientOf
} from "../ImportanceWeights.ts"
import type { FactorizedPosterior } from "../Model.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import { detach } from "../StopGradient.ts"
import { countProblem } from "../OptionProblem.ts"

export interface DoublyReparametrisedOptions {
  /** Codes drawn per example, from 1. */
  readonly samples: number
}

/**
 * `loss = -log 1/K Σ w` over an example's K codes, `[batch]`, in nats, with `w = p(x, z) / q(z | x)`.
 *
 * Let `v` be the normalised weights. The gradient is that of
 * `-Σ v² (log p(x, z) - log q(z | x) + log q(z' | x)) - Σ (v - v²) log p(x, z')`, where `v` and `z' = z` are constants: the
 * two densities of `q` leave what passes through `z`.
 */
export const terms =
  ({ samples }: DoublyReparametrisedOptions) =>
  (inputs: ObjectiveInputs): Terms =>
    weightedTerms(inputs, samples, ({ codes, logWeights }) => {
      const fixed = detach(codes)
      const weights = normalisedWeights(logWeights)
      const squares = tf.square(weights)
      const through = tf.add(logWeights, byDraw(inputs.posterior.logProb!(fixed), samples))
      const others = byDraw(logJoint(inputs, fixed).logJoint, samples)
      const surrogate = tf.sum(tf.add(tf.mul(squares, through), tf.mul(tf.sub(weights, squares), others)), 0)
      return tf.neg(withGradientOf(surrogate, logMeanWeight(logWeights)))
    })

/**
 * Provides the objective, for a posterior with independent dimensions. Fails with `ObjectiveError` where the samples are
 * not a positive integer.
 */
export const layer = (
  options: DoublyReparametrisedOptions
): Layer.Layer<Objective, ObjectiveError, FactorizedPosterior> => {
  const { samples } = options
  const reason = countProblem("samples", samples)
  return objectiveLayer("DoublyReparametrised", reason, {
    spec: { _tag: "DoublyReparametrised", samples },
    needsKl: true,
    draws: samples,
    terms: terms(options)
  })
}
