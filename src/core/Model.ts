/**
 * A model is an encoder `q(z | x)`, a decoder `p(x | z)` and a prior `p(z)`.
 *
 * Laws: `encode`, `decode` and `prior` are pure; parameters and noise are arguments; each example's result depends on that
 * example alone; names and shapes of the parameters follow from the image's shape.
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

/** A model cannot be built as asked: which option, its value, and what is allowed. */
export class ModelError extends Schema.TaggedError<ModelError>()("ModelError", {
  model: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.model}: ${this.reason}`
  }
}

/** What a model is given beside images and codes. */
export interface ModelContext {
  /** Noise that the model asks for, `[batch, ...]` each; without it, as in evaluation. */
  readonly noise?: Tensors | undefined
  /** Classes `[batch]`, `int32`, for a model that takes them. */
  readonly labels?: tf.Tensor1D | undefined
  /** The time of training; without it, as in evaluation: codes are not relaxed. */
  readonly time?: Time | undefined
}

/** A model for images of one shape. */
export interface Autoencoder {
  /** Every parameter by name, such as `encoder/dense1/kernel`. */
  readonly parameters: Readonly<Record<string, ParameterInfo>>
  /** Noise used in training only, such as dropout's, beside the posterior's own. */
  readonly noise: NoiseTypes
  /** Number of classes whose labels `encode` and `decode` take; absent for a model that takes none. */
  readonly classes?: number
  /** Number of classes whose labels `encode` alone takes, so that an image depends on its code alone; absent otherwise. */
  readonly encoderClasses?: number
  /** `q(z | x)`, or `q(z | x, y)`, for images `[batch, height, width, channels]` in [0, 1]. */
  readonly encode: (parameters: Tensors, images: tf.Tensor4D, context?: ModelContext) => PosteriorDistribution
  /** `p(x | z)`, or `p(x | z, y)`, for codes `[batch, latent]`. */
  readonly decode: (parameters: Tensors, codes: tf.Tensor2D, context?: ModelContext) => LikelihoodDistribution
  /** `p(z)`. */
  readonly prior: (parameters: Tensors, context?: Pick<ModelContext, "time">) => PriorDistribution
}

/** Number of classes whose labels the model takes in one place or in both; undefined for a model that takes none. */
export const labelClasses = ({ classes, encoderClasses }: Autoencoder): number | undefined => classes ?? encoderClasses

export class Model extends Context.Service<
  Model,
  {
    readonly spec: Spec
    /** Number of latent dimensions. */
    readonly latent: number
    /** What the prior is called in captions, such as `N(0, I)`. */
    readonly prior: string
    /** Number of values that the likelihood lets a pixel take, where it gives them probabilities and not a density. */
    readonly levels?: number | undefined
    /** Options of the posterior that change during training, by name; the history shows their values. */
    readonly schedules?: Readonly<Record<string, Schedule>>
    /** Why the KL divergence of a code to the prior is infinite; undefined where it is finite. */
    readonly infiniteKl?: string | undefined
    /** The model for images of this shape; fails where the networks cannot take the shape. */
    readonly build: (shape: ImageShape) => Effect.Effect<Autoencoder, ModelError>
  }
>()("vae/core/Model") {}

/** Offered by a model whose codes are real vectors: what figures need that move between codes. */
export class ContinuousLatent extends Context.Service<ContinuousLatent, { readonly latent: number }>()(
  "vae/core/ContinuousLatent"
) {}

/** Offered by a model whose latent space is known to be a plane of real vectors: what a 2-D manifold figure needs. */
export class PlanarLatent extends Context.Service<PlanarLatent, { readonly latent: 2 }>()("vae/core/PlanarLatent") {}

/** Offered by a model whose codes stand for choices: what figures need that count them. */
export class DiscreteLatent extends Context.Service<
  DiscreteLatent,
  {
    readonly variables: number
    readonly categories: number
    /** Whether all variables choose from the same categories, as from one codebook. */
    readonly shared: boolean
  }
>()("vae/core/DiscreteLatent") {}

/** Offered by a model whose posterior has independent dimensions of known density: what some objectives ask for. */
export class FactorizedPosterior extends Context.Service<FactorizedPosterior, { readonly latent: number }>()(
  "vae/core/FactorizedPosterior"
) {}

/** Offered by a model that makes images of a chosen class. */
export class ClassConditional extends Context.Service<ClassConditional, { readonly classes: number }>()(
  "vae/core/ClassConditional"
) {}
