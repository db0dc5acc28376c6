/**
 * The InfoVAE, and with `alpha` 1 the Wasserstein autoencoder with MMD: codes as a whole are pulled to the prior by samples,
 * each example's own divergence is weighed apart.
 *
 * Looks at a batch, whose codes are compared with as many of the prior. With `alpha` 1 nothing asks for a density: any
 * posterior and any prior will do.
 *
 * Source: Zhao, Song and Ermon 2017, eq. 6, https://arxiv.org/abs/1706.02262; Tolstikhin et al. 2018, algorithm 2,
 * https://arxiv.org/abs/1711.01558
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Layer } from "effect"
import { divergence, divergenceTerm, drawCodes } from "../Divergence.ts"
import { type Kernel, kernels, maximumMeanDiscrepancy } from "../MaximumMeanDiscrepancy.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import { type Numeric, scheduled, specOf, valueAt, weightProblem } from "../Schedule.ts"
import { choiceProblem } from "../OptionProblem.ts"

export interface InfoVaeOptions {
  /** `1 - alpha` is the weight of each example's KL divergence: 0 is the ELBO's, 1 has none. At most 1. */
  readonly alpha: number
  /** `alpha + lambda - 1` is the weight of the discrepancy, from 0. */
  readonly lambda: Numeric
  /** Default: `inverse-multiquadratic`. */
  readonly kernel?: Kernel
}

/**
 * `loss = -log p(x | z) + (1 - alpha) KL + (alpha + lambda - 1) MMD`, `[batch]`, where the discrepancy, reported as
 * `discrepancy`, is the same for every example of the batch. With `alpha` below 1 it is infinite for a posterior without a
 * density.
 */
export const terms =
  ({ alpha, kernel = "inverse-multiquadratic", lambda }: InfoVaeOptions) =>
  ({ decode, images, noise, posterior, prior, priorCodes, time }: ObjectiveInputs): Terms => {
    const drawn = drawCodes(posterior, noise)
    const reconstruction = tf.neg<tf.Tensor1D>(decode(drawn.codes).logProb(images))
    const found = divergence(posterior, prior, drawn)
    const [batch] = drawn.codes.shape
    const scalar = maximumMeanDiscrepancy(kernel, drawn.codes, priorCodes())
    const discrepancy = tf.add(tf.zeros<tf.Rank.R1>([batch]), scalar) as tf.Tensor1D
    const others = { reconstruction, ...divergenceTerm(found), discrepancy }
    const weighted = tf.mul<tf.Tensor1D>(discrepancy, tf.add(valueAt(lambda, time), alpha - 1))
    const withoutKl = tf.add<tf.Tensor1D>(reconstruction, weighted)
    if (alpha === 1) return { loss: withoutKl, ...others }
    if (found === undefined) return { loss: tf.fill([batch], Number.POSITIVE_INFINITY), ...others }
    return { loss: tf.add(withoutKl, tf.mul(found.value, 1 - alpha)), ...others }
  }

/** Provides the objective. Fails with `ObjectiveError` where an option is not allowed or a weight is negative. */
export const layer = (options: InfoVaeOptions): Layer.Layer<Objective, ObjectiveError> => {
  const { alpha, kernel = "inverse-multiquadratic", lambda } = options
  const lowest = typeof lambda === "number" ? lambda : lambda.minimum
  const reason =
    weightProblem("lambda", lambda) ??
    (Number.isFinite(alpha) && alpha <= 1
      ? undefined
      : `alpha is ${alpha}; it must be a number up to 1, so that the divergence has no negative weight`) ??
    (alpha + lowest >= 1 ? undefined : `alpha + lambda is ${alpha + lowest}; it must be at least 1`) ??
    choiceProblem("kernel", kernel, kernels)
  return objectiveLayer("InfoVae", reason, {
    spec: { _tag: "InfoVae", alpha, lambda: specOf(lambda), kernel },
    scope: "batch",
    needsKl: alpha < 1,
    drawsFromPrior: true,
    schedules: scheduled({ lambda }),
    terms: terms(options)
  })
}
