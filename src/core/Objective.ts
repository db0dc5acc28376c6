/**
 * The contract of objectives, which define what training minimises.
 *
 * Laws: every term is `[batch]`, per example, summed over event axes, in nats; an example's terms do not depend on the
 * other examples of its batch, unless the objective says that it looks at a batch; values and gradients are finite for
 * finite inputs, but for the loss of an objective that needs a KL divergence where there is none.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Schema } from "effect"
import type { LikelihoodDistribution } from "./Likelihood.ts"
import type { NoiseTypes } from "./Noise.ts"
import type { ParameterInfo } from "./ParameterInfo.ts"
import type { PosteriorDistribution } from "./Posterior.ts"
import type { PriorDistribution } from "./Prior.ts"
import type { Schedule, Time } from "./Schedule.ts"
import type { Spec } from "./Spec.ts"
import type { Tensors } from "./Tensors.ts"

/** An objective has invalid options. */
export class ObjectiveError extends Schema.TaggedError<ObjectiveError>()("ObjectiveError", {
  objective: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.objective}: ${this.reason}`
  }
}

/** What an objective is given for one batch. */
export interface ObjectiveInputs {
  /** `[batch, height, width, channels]` in [0, 1]. */
  readonly images: tf.Tensor4D
  readonly posterior: PosteriorDistribution
  readonly prior: PriorDistribution
  /**
   * Standard normal noise for the codes, `[batch, latent]`; `[draws * batch, latent]`, draw after draw, where it asks.
   */
  readonly noise: tf.Tensor2D
  /** For codes `[batch, latent]`, or `[draws * batch, latent]`, draw after draw. */
  readonly decode: (codes: tf.Tensor2D) => LikelihoodDistribution
  /** As many codes of the prior, `[batch, latent]`, for an objective that `drawsFromPrior`. */
  readonly priorCodes: () => tf.Tensor2D
  /** Number of examples that the batch is drawn from. */
  readonly examples: number
  /** The time of the step, for scheduled options. */
  readonly time: Time
  /** The objective's own parameters and noise, `[batch, ...]` each, for one that asks for them. */
  readonly own?: { readonly parameters: Tensors; readonly noise: Tensors }
}

/** Terms by name, each `[batch]`, in nats. `loss` is what training minimises. */
export interface Terms {
  readonly loss: tf.Tensor1D
  /** `-log p(x | z)`. */
  readonly reconstruction: tf.Tensor1D
  /**
   * `KL(q(z | x) || p(z))`; absent where it is estimated, and where it is infinite, as that of a code without noise.
   */
  readonly kl?: tf.Tensor1D
  /** The same, estimated at the drawn codes, for a posterior and a prior without a closed form. */
  readonly "kl-estimate"?: tf.Tensor1D
  readonly [name: string]: tf.Tensor1D
}

export class Objective extends Context.Service<
  Objective,
  {
    readonly spec: Spec
    /** Whether the KL divergence has a part in the loss, so that the posterior must have one; default: `false`. */
    readonly needsKl?: boolean
    /** Number of codes drawn per example; default: 1. */
    readonly draws?: number
    /**
     * What an example's terms depend on: the example alone, or the whole batch, as a divergence of aggregated codes
     * does. Default: `example`.
     */
    readonly scope?: "example" | "batch"
    /** Whether it asks for codes of the prior. Default: `false`. */
    readonly drawsFromPrior?: boolean
    /** Its own parameters, such as a discriminator's, for a number of latent dimensions; default: none. */
    readonly parameters?: (latent: number) => Readonly<Record<string, ParameterInfo>>
    /** Noise that it asks for in training and in evaluation beside the codes'. Default: none. */
    readonly noise?: (latent: number) => NoiseTypes
    /** Options that change during training, by name; the history shows their values. */
    readonly schedules?: Readonly<Record<string, Schedule>>
    readonly terms: (inputs: ObjectiveInputs) => Terms
  }
>()("vae/core/Objective") {}

/** Provides an objective of that name; fails with `ObjectiveError` where there is a problem with its options. */
export const objectiveLayer = (
  name: string,
  problem: string | undefined,
  service: Objective["Service"]
): Layer.Layer<Objective, ObjectiveError> =>
  Layer.effect(
    Objective,
    problem === undefined
      ? Effect.succeed(service)
      : Effect.fail(new ObjectiveError({ objective: name, reason: problem }))
  )
