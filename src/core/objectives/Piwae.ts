/**
 * PIWAE: decoder and prior are trained by the importance-weighted bound of all codes, the encoder by the mean of several
 * bounds of a part of them each.
 *
 * The loss has the value of `ImportanceWeighted` with `bounds * samples` codes; its gradient for what the codes depend on
 * is that of `Miwae`. With one bound it is `ImportanceWeighted`.
 *
 * Source: Rainforth et al. 2018, "Tighter variational bounds are not necessarily better",
 * https://arxiv.org/abs/1802.04537
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Layer } from "effect"
import {
  byDraw,
  logJoint,
  logMeanWeight,
  normalisedWeights,
  weightedTerms,
  withGradientOf
} from "../ImportanceWeights.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import { detach } from "../StopGradient.ts"
import type { MiwaeOptions } from "./Miwae.ts"
import { countsProblem } from "../OptionProblem.ts"

/** Numbers of the encoder's bounds, and of codes per bound. */
export type PiwaeOptions = MiwaeOptions

/**
 * `loss = -log 1/(M K) Σ w` over an example's M K codes, `[batch]`, in nats, with `w = p(x, z) / q(z | x)`.
 *
 * Let `a` be the weights normalised over all codes, `b` over the codes of a bound, divided by M. The gradient is that of
 * `-Σ b log w(z) - Σ (a - b) log p(x, z')`, where `a`, `b` and `z' = z` are constants: decoder and prior see `a`, the
 * encoder `b`.
 */
export const terms =
  ({ bounds, samples }: PiwaeOptions) =>
  (inputs: ObjectiveInputs): Terms =>
    weightedTerms(inputs, bounds * samples, ({ codes, logWeights }) => {
      const draws = bounds * samples
      const grouped = tf.reshape(logWeights, [samples, bounds, -1])
      const encoders = tf.div(tf.reshape(normalisedWeights(grouped), logWeights.shape), bounds)
      const rest = tf.sub(normalisedWeights(logWeights), encoders)
      const fixed = logJoint(inputs, detach(codes))
      const surrogate = tf.sum(tf.add(tf.mul(encoders, logWeights), tf.mul(rest, byDraw(fixed.logJoint, draws))), 0)
      return tf.neg(withGradientOf(surrogate, logMeanWeight(logWeights)))
    })

/** Provides the objective. Fails with `ObjectiveError` where a number is not a whole one from 1. */
export const layer = (options: PiwaeOptions): Layer.Layer<Objective, ObjectiveError> => {
  const { bounds, samples } = options
  const reason = countsProblem({ bounds, samples })
  return objectiveLayer("Piwae", reason, {
    spec: { _tag: "Piwae", bounds, samples },
    needsKl: true,
    draws: bounds * samples,
    terms: terms(options)
  })
}
