/**
 * The contract of approximate posteriors `q(z | x)`, parametrised by the encoder's heads.
 *
 * Laws: `kl` is at least 0 and 0 exactly at `N(0, I)`; `sample` is a differentiable function of the heads and of noise
 * that is an argument; all terms are per example, summed over the latent axis, in nats. A family without a density has
 * none of `logProb`, `draw` and `kl`, which is infinite. One with a density takes several codes per example too: noise
 * and codes `[draws * batch, latent]`, a whole batch per draw.
 *
 * A discrete family draws choices: a code is one vector per variable, side by side, each one of `categories`. Its
 * divergences are those of the choices. It may draw relaxed codes in training, where it is given the time.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { ParameterInfo } from "./ParameterInfo.ts"
import type { Schedule, Time } from "./Schedule.ts"
import type { Spec } from "./Spec.ts"
import type { Tensors } from "./Tensors.ts"

/** Codes, and their density if the posterior has one. */
export interface Drawn {
  /** `[draws * batch, latent]`. */
  readonly codes: tf.Tensor2D
  /** `log q(z | x)` of these codes in nats, `[draws * batch]`. */
  readonly logProb?: () => tf.Tensor1D
  /**
   * The KL divergence of each group of codes to its prior in nats, `[draws * batch]`, given the drawn codes of the groups
   * above, for a model with several groups; from the group next to the image upwards.
   */
  readonly klByGroup?: () => ReadonlyArray<tf.Tensor1D>
}

/** `q` of the choices of a discrete code. */
export interface ChoiceDistribution {
  /** `KL(q || uniform)` over all choices of an example in nats, `[batch]`. */
  readonly klToUniform: () => tf.Tensor1D
  /** The most probable choice of each variable, counted from 0, `[batch, variables]`. */
  readonly mostProbable: () => tf.Tensor2D
}

/** `q(z | x)` for a batch. */
export interface PosteriorDistribution {
  /**
   * `[batch, latent]`: the code that stands for the distribution, its mean or, of a discrete code, the most probable.
   */
  readonly mean: tf.Tensor2D
  /** Standard deviation, `[batch, latent]`. */
  readonly deviation: tf.Tensor2D
  /** Codes `[batch, latent]` from standard normal noise `[batch, latent]`. */
  readonly sample: (noise: tf.Tensor2D) => tf.Tensor2D
  /** `log q(z | x)` in nats, `[batch]`, for codes `[batch, latent]`. */
  readonly logProb?: (codes: tf.Tensor2D) => tf.Tensor1D
  /** `log q(z_d | x)` of each dimension in nats, `[draws * batch, latent]`, where dimensions are independent. */
  readonly logProbByDimension?: (codes: tf.Tensor2D) => tf.Tensor2D
  /** Codes together with their density, for a family that knows the density of its own codes alone, such as a flow. */
  readonly draw?: (noise: tf.Tensor2D) => Drawn
  /** `KL(q(z_d | x) || N(0, 1))` of each dimension in nats, `[batch, latent]`, where dimensions are independent. */
  readonly klByDimension?: () => tf.Tensor2D
  /** `KL(q(z | x) || N(0, I))` in nats, `[batch]`; absent where it has no closed form. */
  readonly kl?: () => tf.Tensor1D
  /** Of a discrete code. */
  readonly choices?: ChoiceDistribution
  /** An additional term of the loss of any objective, such as a codebook's own loss. */
  readonly auxiliary?: () => AuxiliaryLoss
}

/** A part of the loss that belongs to a posterior. */
export interface AuxiliaryLoss {
  /** Added to the objective's loss, `[batch]`. */
  readonly loss: tf.Tensor1D
  /** What is reported of it, by name, `[batch]` each. */
  readonly terms: Readonly<Record<string, tf.Tensor1D>>
}

/** The choices of a discrete family for a number of latent dimensions. */
export interface ChoiceSpace {
  /** Number of choices per code. */
  readonly variables: number
  /** Number of categories that each is made from. */
  readonly categories: number
  /** Whether all variables choose from the same categories, as from one codebook. */
  readonly shared: boolean
  /** Whether training draws relaxed codes, whose density is another than that of choices. */
  readonly relaxedInTraining: boolean
  /** Codes `[rows, latent]` of choices `[rows, variables, categories]`, vectors of 0 with a 1. */
  readonly embed: (choices: tf.Tensor3D, parameters: Tensors) => tf.Tensor2D
}

/** A family whose codes are real vectors. */
export interface ContinuousFamily extends Posterior {
  readonly space?: never
}

/** A family with discrete codes. */
export interface DiscreteFamily extends Posterior {
  readonly space: (latent: number) => ChoiceSpace
}

/** A family whose dimensions are independent and have a known density. */
export interface FactorizedFamily extends ContinuousFamily {
  readonly factorized: true
}

/** A family of posteriors. */
export interface Posterior {
  readonly spec: Spec
  /** `false` where `q(z | x)` has no density and its KL divergence is infinite; Default: `true`. */
  readonly hasDensity?: boolean
  /** `true` where dimensions are independent and `logProbByDimension` is given. Default: `false`. */
  readonly factorized?: boolean
  /** The error of its options, as a sentence with the value and what is allowed; undefined if they are valid. */
  readonly problem?: string | undefined
  /** The error for a model with this number of latent dimensions; undefined if it is valid. */
  readonly problemFor?: (latent: number) => string | undefined
  /** Options that change during training, by name; the history shows their values. */
  readonly schedules?: Readonly<Record<string, Schedule>>
  /**
   * `true` where only the density of its own codes is known, by `draw`, as of a flow that is not inverted. Default:
   * `false`.
   */
  readonly densityOfOwnCodes?: boolean
  /** The choices of a family of discrete codes; absent for continuous codes. */
  readonly space?: (latent: number) => ChoiceSpace
  /** Names of the encoder's linear heads in the order that `fromHeads` takes them. */
  readonly heads: ReadonlyArray<string>
  /** Width of a head for a number of latent dimensions; a head of width 0 is omitted; default: `latent`. */
  readonly width?: (head: string, latent: number) => number
  /**
   * Its own parameters by name, in addition to its heads'; the model names them `encoder/posterior/...`; default: none.
   */
  readonly parameters?: (latent: number) => Readonly<Record<string, ParameterInfo>>
  /** `q(z | x)` from the heads, `[batch, width]` each; in training at a time, without one as in evaluation. */
  readonly fromHeads: (heads: ReadonlyArray<tf.Tensor2D>, parameters?: Tensors, time?: Time) => PosteriorDistribution
}
