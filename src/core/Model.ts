/**
 * The contract of models: an encoder `q(z | x)`, a decoder `p(x | z)` and a prior `p(z)`.
 *
 * Laws: `encode`, `decode` and `prior` are pure; parameters and noise are arguments; each example's result depends on
 * that example alone; names and shapes of the parameters follow from the image's shape.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Context, type Effect, Schema } from "effect"
import type { ImageShape } from "./Dataset.ts"
import type { ParameterInfo } from "./ParameterInfo.ts"
import type { LikelihoodDistribution } from "./Likelihood.ts"
import type { NoiseTypes } from "./Noise.ts"
import type { PosteriorDistribution } from "./Posterior.ts"
import type { PriorDistribution } from "./Prior.ts"
import type { Schedule, Time } from "./Schedule.ts"
import type { Spec } from "./Spec.ts"
import type { Tensors } from "./Tensors.ts"

/** A model cannot be built with these options. */
export class ModelError extends Schema.TaggedError<ModelError>()("ModelError", {
  model: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.model}: ${this.reason}`
  }
}

/** Optional arguments of `encode` and `decode`. */
export interface ModelContext {
  /** The noise of `Autoencoder.noise`, `[batch, ...]` each; absent in evaluation. */
  readonly noise?: Tensors | undefined
  /** Class indices `[batch]`, `int32`, for a conditional model. */
  readonly labels?: tf.Tensor1D | undefined
  /** The time of training; without it, as in evaluation: codes are not relaxed. */
  readonly time?: Time | undefined
}

/** A model for images of a fixed shape. */
export interface Autoencoder {
  /** Every parameter by name, such as `encoder/dense1/kernel`. */
  readonly parameters: Readonly<Record<string, ParameterInfo>>
  /** Noise used only in training, such as dropout's, without the posterior's. */
  readonly noise: NoiseTypes
  /** Number of classes of a model with conditional encoder and decoder; otherwise absent. */
  readonly classes?: number
  /** Number of classes of a model whose encoder alone is conditional; otherwise absent. */
  readonly encoderClasses?: number
  /** `q(z | x)`, or `q(z | x, y)`, for images `[batch, height, width, channels]` in [0, 1]. */
  readonly encode: (parameters: Tensors, images: tf.Tensor4D, context?: ModelContext) => PosteriorDistribution
  /** `p(x | z)`, or `p(x | z, y)`, for codes `[batch, latent]`. */
  readonly decode: (parameters: Tensors, codes: tf.Tensor2D, context?: ModelContext) => LikelihoodDistribution
  /** `p(z)`. */
  readonly prior: (parameters: Tensors, context?: Pick<ModelContext, "time">) => PriorDistribution
}

/** Number of classes of a model with a conditional encoder; undefined for an unconditional model. */
export const labelClasses = ({ classes, encoderClasses }: Autoencoder): number | undefined => classes ?? encoderClasses

export class Model extends Context.Service<
  Model,
  {
    readonly spec: Spec
    /** Number of latent dimensions. */
    readonly latent: number
    /** Name of the prior for captions, such as `N(0, I)`. */
    readonly prior: string
    /** Number of values that a pixel can take, if the likelihood is a probability and not a density. */
    readonly levels?: number | undefined
    /** Options of the posterior that change during training, by name; the history shows their values. */
    readonly schedules?: Readonly<Record<string, Schedule>>
    /** Why the KL divergence from the posterior to the prior is infinite; undefined if it is finite. */
    readonly infiniteKl?: string | undefined
    /** The model for images of this shape. Fails if the networks do not accept the shape. */
    readonly build: (shape: ImageShape) => Effect.Effect<Autoencoder, ModelError>
  }
>()("vae/core/Model") {}

/** Provided by a model with continuous codes, which figures that interpolate between codes require. */
export class ContinuousLatent extends Context.Service<ContinuousLatent, { readonly latent: number }>()(
  "vae/core/ContinuousLatent"
) {}

/** Provided by a model with two continuous latent dimensions, which a manifold figure requires. */
export class PlanarLatent extends Context.Service<PlanarLatent, { readonly latent: 2 }>()("vae/core/PlanarLatent") {}

/** Provided by a model with several groups of codes, which figures of single groups require. */
export class GroupedLatent extends Context.Service<
  GroupedLatent,
  {
    /** Latent dimensions of each group, the lowest first: the order in which a code concatenates them. */
    readonly groups: ReadonlyArray<number>
  }
>()("vae/core/GroupedLatent") {}

/** Provided by a model with discrete codes, which figures of code usage require. */
export class DiscreteLatent extends Context.Service<
  DiscreteLatent,
  {
    readonly variables: number
    readonly categories: number
    /** Whether all variables choose from the same categories, as from one codebook. */
    readonly shared: boolean
  }
>()("vae/core/DiscreteLatent") {}

/** Provided by a model whose posterior has independent dimensions of known density, which some objectives require. */
export class FactorizedPosterior extends Context.Service<FactorizedPosterior, { readonly latent: number }>()(
  "vae/core/FactorizedPosterior"
) {}

/** Provided by a model that generates images of a chosen class. */
export class ClassConditional extends Context.Service<ClassConditional, { readonly classes: number }>()(
  "vae/core/ClassConditional"
) {}
