/**
 * The FactorVAE: the ELBO with a penalty on the total correlation of the codes, which a discriminator estimates.
 *
 * Looks at a batch. The discriminator tells codes of the aggregated posterior from codes whose dimensions were permuted
 * across the batch; it has an optimiser of its own. The paper permutes a second batch, this objective the same one.
 *
 * Source: Kim and Mnih 2018, eq. 2 and 3, algorithm 2 and appendix A, https://arxiv.org/abs/1802.05983
 */
import * as tf from "@tensorflow/tfjs-core"
import { type Layer, Record, Result } from "effect"
import { divergence, divergenceTerm, drawCodes } from "../Divergence.ts"
import type { ContinuousLatent } from "../Model.ts"
import { type Network, sequence } from "../Network.ts"
import { dense } from "../networks/Dense.ts"
import { hiddenLayers } from "../networks/HiddenLayers.ts"
import { Objective, type ObjectiveError, objectiveLayer, type ObjectiveInputs, type Terms } from "../Objective.ts"
import type { Optimizer } from "../Optimizer.ts"
import { Adam } from "../optimizers/Adam.ts"
import { permuteColumns } from "../Permutation.ts"
import { type Numeric, scheduled, specOf, valueAt, weightProblem } from "../Schedule.ts"
import { detach, detached, gradientOnly } from "../StopGradient.ts"
import type { Tensors } from "../Tensors.ts"
import { countsProblem } from "../OptionProblem.ts"

export interface FactorVaeOptions {
  /** Weight of the total correlation, from 0; 0 is the ELBO. */
  readonly gamma: Numeric
  /** Units of the discriminator's hidden layers. Default: six of 1,000, as in the paper. */
  readonly hidden?: ReadonlyArray<number>
  /** The discriminator's optimiser. Default: Adam with the paper's learning rate of 1e-4 and β of 0.5 and 0.9. */
  readonly optimizer?: Optimizer
}

const defaults = {
  hidden: [1000, 1000, 1000, 1000, 1000, 1000],
  optimizer: Adam({ learningRate: 1e-4, beta1: 0.5, beta2: 0.9 })
} as const

/** From codes `[batch, latent]` to the logarithm of the ratio of densities, `[batch, 1]`. */
const discriminatorOf = (hidden: ReadonlyArray<number>, latent: number): Network =>
  // A dense layer takes every vector.
  Result.getOrThrow(sequence(...hiddenLayers(hidden, "leaky-relu"), dense(1)).build([latent]))

/**
 * `loss = -log p(x | z) + KL + gamma log D(z) / (1 - D(z))`, `[batch]`, in nats, at one code `z` per example. The ratio's
 * logarithm is reported as `total-correlation`, of which it is an estimate in the mean, and the discriminator's cross
 * entropy, `½ (-log D(z) - E log(1 - D(permuted)))`, as `discriminator-loss`: `log 2` where it cannot tell.
 *
 * The loss has the gradients of both: the discriminator is constant in the first part, and codes are in the second, which
 * adds nothing to the loss's value. Infinite for a posterior without a density.
 */
export const terms =
  ({ gamma, hidden = defaults.hidden }: FactorVaeOptions) =>
  ({ decode, images, noise, own, posterior, prior, time }: ObjectiveInputs): Terms => {
    const { noise: ownNoise, parameters } = own!
    const drawn = drawCodes(posterior, noise)
    const { codes } = drawn
    const reconstruction = tf.neg<tf.Tensor1D>(decode(codes).logProb(images))
    const found = divergence(posterior, prior, drawn)
    const discriminator = discriminatorOf(hidden, codes.shape[1])
    const logRatio = (parameters: Tensors, codes: tf.Tensor): tf.Tensor1D =>
      tf.squeeze(discriminator.apply(parameters, codes), [1])
    const totalCorrelation = logRatio(detached(parameters), codes)
    const fixed = detach(codes)
    const permuted = permuteColumns(fixed, ownNoise["permutation"] as tf.Tensor2D)
    // Permuted codes belong to no example: each gets their mean.
    const ofPermuted = tf.mean(tf.softplus(logRatio(parameters, permuted)))
    const discriminatorLoss = tf.mul<tf.Tensor1D>(
      tf.add(tf.softplus(tf.neg(logRatio(parameters, fixed))), ofPermuted),
      0.5
    )
    const others = {
      reconstruction,
      ...divergenceTerm(found),
      "total-correlation": totalCorrelation,
      "discriminator-loss": discriminatorLoss
    }
    if (found === undefined) return { loss: tf.fill([images.shape[0]], Number.POSITIVE_INFINITY), ...others }
    const elbo = tf.add<tf.Tensor1D>(reconstruction, found.value)
    const penalised = tf.add<tf.Tensor1D>(elbo, tf.mul(totalCorrelation, valueAt(gamma, time)))
    return { loss: tf.add(penalised, gradientOnly(discriminatorLoss)), ...others }
  }

/** What is wrong with the options, if anything. */
const problemOf = ({ gamma, hidden = [], optimizer = defaults.optimizer }: FactorVaeOptions): string | undefined => {
  return (
    weightProblem("gamma", gamma) ??
    countsProblem(Object.fromEntries(hidden.map((units, index) => [`hidden[${index}]`, units]))) ??
    (optimizer.problem && `optimizer: ${optimizer.problem}`)
  )
}

/**
 * Provides the objective; asks for codes that are real vectors. Fails with `ObjectiveError` where an option is not allowed.
 */
export const layer = (options: FactorVaeOptions): Layer.Layer<Objective, ObjectiveError, ContinuousLatent> => {
  const { gamma, hidden = defaults.hidden, optimizer = defaults.optimizer } = options
  const reason = problemOf(options)
  return objectiveLayer("FactorVae", reason, {
    spec: { _tag: "FactorVae", gamma: specOf(gamma), hidden, optimizer: optimizer.spec },
    scope: "batch",
    needsKl: true,
    parameters: (latent) => Record.map(discriminatorOf(hidden, latent).parameters, (info) => ({ ...info, optimizer })),
    noise: (latent) => ({ permutation: { distribution: "uniform", shape: [latent] } }),
    schedules: scheduled({ gamma }),
    terms: terms(options)
  })
}
