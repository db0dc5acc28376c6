/**
 * The contract of priors `p(z)`: the distribution of codes from which new images are sampled.
 *
 * Laws: `logProb` is per code, summed over the latent axis, in nats; `kl` is the exact `KL(q(z | x) || p(z))` and is
 * absent if the pair has no closed form; `sample` is a function of its noise argument. Parameters are trained with the
 * model. A width is never an option: every prior takes the model's latent dimensions.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Context } from "effect"
import type { ImageShape } from "./Dataset.ts"
import type { ParameterInfo } from "./ParameterInfo.ts"
import type { ChoiceSpace, PosteriorDistribution } from "./Posterior.ts"
import type { Schedule, Time } from "./Schedule.ts"
import type { Spec } from "./Spec.ts"
import type { Tensors } from "./Tensors.ts"

/** Noise from which codes are drawn, one row per code. */
export interface PriorNoise {
  /** Standard normal, `[rows, latent]`. */
  readonly normal: tf.Tensor2D
  /** Uniform in [0, 1), `[rows]`; chooses a component of a mixture. */
  readonly uniform: tf.Tensor1D
}

/** `p(z)` with its parameters. */
export interface PriorDistribution {
  /** `log p(z)` in nats, `[rows]`, for codes `[rows, latent]`. */
  readonly logProb: (codes: tf.Tensor2D) => tf.Tensor1D
  /** `KL(q(z | x) || p(z))` in nats, `[batch]`; undefined for a posterior with which it has no closed form. */
  readonly kl?: (posterior: PosteriorDistribution) => tf.Tensor1D | undefined
  /** The same of each dimension, `[batch, latent]`, where posterior and prior have independent dimensions. */
  readonly klByDimension?: (posterior: PosteriorDistribution) => tf.Tensor2D | undefined
  /** Codes `[rows, latent]`. */
  readonly sample: (noise: PriorNoise) => tf.Tensor2D
}

/** The sizes that a prior's parameters depend on. */
export interface PriorSizes {
  /** Number of latent dimensions. */
  readonly latent: number
  readonly image: ImageShape
}

/** The parts of the model that a prior may use. */
export interface PriorContext extends PriorSizes {
  /** `q(z | x)` of images `[count, height, width, channels]` in [0, 1], as in evaluation. */
  readonly encode: (images: tf.Tensor4D) => PosteriorDistribution
  /** The choices of a model with discrete codes. */
  readonly choices?: BoundChoices | undefined
  /** The time of training; without it, as in evaluation. */
  readonly time?: Time | undefined
}

/** The choices of a model's codes, with the model's parameters. */
export interface BoundChoices extends Pick<ChoiceSpace, "categories" | "variables"> {
  /** Whether codes are relaxed now. */
  readonly relaxed: boolean
  readonly embed: (choices: tf.Tensor3D) => tf.Tensor2D
}

/** The quantiles that all dimensions of a prior share, for figures that space codes evenly over its mass. */
export interface Quantiles {
  /** Of one dimension, for captions, such as `N(0, 1)`. */
  readonly name: string
  /** The quantile function of one dimension. */
  readonly quantile: (probability: number) => number
  /** The cumulative distribution function of one dimension. */
  readonly cumulative: (value: number) => number
  /** Values to label on an axis. */
  readonly ticks: ReadonlyArray<number>
}

/** A family of priors. */
export interface Prior {
  readonly spec: Spec
  /** For captions, such as `N(0, I)`. */
  readonly name: string
  /** The error of its options, as a sentence with the value and what is allowed; undefined if they are valid. */
  readonly problem?: string | undefined
  /** Options that change during training, by name; the history shows their values. */
  readonly schedules?: Readonly<Record<string, Schedule>>
  /** The error for a model of these sizes; undefined if it is valid. */
  readonly problemFor?: (sizes: PriorSizes) => string | undefined
  /**
   * Whether it is a distribution of choices, for posteriors of discrete codes, or of real vectors. Default: `false`.
   */
  readonly ofChoices?: boolean
  /**
   * `false` where `p(z)` is 0 for some codes, so that the KL divergence of a posterior on all real codes is infinite.
   * Default: `true`.
   */
  readonly hasFullSupport?: boolean
  /** `true` where it needs `log q(z | x)` of codes that `q(z | x)` did not draw itself. Default: `false`. */
  readonly needsPosteriorDensity?: boolean
  /** `true` where it calls `encode`, which a model whose encoder takes labels does not offer. Default: `false`. */
  readonly needsEncoder?: boolean
  /** Where dimensions are independent and alike. */
  readonly quantiles?: Quantiles | undefined
  /** Its parameters by name, without the model's prefix `prior/`. */
  readonly parameters: (sizes: PriorSizes) => Readonly<Record<string, ParameterInfo>>
  readonly distribution: (parameters: Tensors, context: PriorContext) => PriorDistribution
}

/** A prior whose dimensions are independent and share known quantiles. */
export interface QuantilePrior extends Prior {
  readonly quantiles: Quantiles
}

/** Provided by a model whose prior has known quantiles, which figures over the prior's mass require. */
export class PriorQuantiles extends Context.Service<PriorQuantiles, Quantiles>()("vae/core/PriorQuantiles") {}
