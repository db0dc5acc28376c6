/**
 * The trained model and its data for evaluations: typed arrays in and out, independent of the engine.
 */
import { Context, type Effect } from "effect"
import type { ImageShape, LoadedDataset } from "./Dataset.ts"
import type { EngineError } from "./Engine.ts"

export type Split = "train" | "test"

/** A split whose terms can be computed; `validation` only if the dataset has it. */
export type EvaluatedSplit = Split | "validation"

/** Codes of some examples. */
export interface Codes {
  /** Posterior means, of discrete codes the most probable ones, `[count, latent]` in row-major order. */
  readonly mean: Float32Array
  /** Posterior standard deviations, `[count, latent]`. */
  readonly deviation: Float32Array
  /** Of discrete codes, the most probable choice of each variable, counted from 0, `[count, variables]`. */
  readonly choices?: Float32Array
}

/** One line of a run's history: means over the examples of an epoch, in nats per image, and the speed. */
export interface EpochMetrics {
  /** 1 for the first. */
  readonly epoch: number
  /** Optimiser steps taken so far. */
  readonly step: number
  /** Such as `train/loss`, `test/reconstruction`. */
  readonly metrics: Readonly<Record<string, number>>
  readonly examplesPerSecond: number
}

export class TrainedModel extends Context.Service<
  TrainedModel,
  {
    readonly datasetName: string
    readonly shape: ImageShape
    readonly data: LoadedDataset
    readonly latent: number
    /**
     * Number of classes whose labels `decode` and `encodeImages` must be given; absent for a decoder that takes none.
     */
    readonly classes?: number
    /** The run's seed; an evaluation derives its own noise from it. */
    readonly seed: number
    readonly history: ReadonlyArray<EpochMetrics>
    /** Number of values that the likelihood lets a pixel take, where nats convert to bits per dimension. */
    readonly levels?: number | undefined
    /** The prior, for captions, such as `N(0, I)`. */
    readonly prior: string
    /**
     * `count` codes of the prior, `[count, latent]`; `stream` names the random numbers that they are drawn with. With
     * `shared`, every `each` codes in a row have the same noise in the dimensions from `from` on.
     */
    readonly samplePrior: (
      stream: string,
      count: number,
      shared?: { readonly from: number; readonly each: number }
    ) => Effect.Effect<Float32Array, EngineError>
    /** `q(z | x)` of the examples at these indices. */
    readonly encode: (split: Split, indices: Int32Array) => Effect.Effect<Codes, EngineError>
    /**
     * `q(z | x)` of any images `[count, height, width, channels]` in [0, 1]; a model that takes labels needs one each.
     */
    readonly encodeImages: (images: Float32Array, labels?: ArrayLike<number>) => Effect.Effect<Codes, EngineError>
    /**
     * Means of `p(x | z)` as `[count, height, width, channels]` in [0, 1], for codes `[count, latent]`; a model that
     * takes labels needs one each.
     */
    readonly decode: (codes: Float32Array, labels?: ArrayLike<number>) => Effect.Effect<Float32Array, EngineError>
    /**
     * Logarithms of the importance weights `p(x, z) / q(z | x)` of `draws` codes of an example, `[draws]`, in nats; NaN
     * where codes have no density.
     */
    readonly logWeights: (split: Split, index: number, draws: number) => Effect.Effect<Float32Array, EngineError>
    /**
     * The objective's terms by name, one value in nats per example, for a whole split: with one code drawn per example,
     * or with the posterior's mean as the code.
     */
    readonly terms: (
      split: EvaluatedSplit,
      code?: "drawn" | "mean"
    ) => Effect.Effect<Readonly<Record<string, Float32Array>>, EngineError>
  }
>()("vae/core/TrainedModel") {}

/** The labels of the examples at these indices, for a conditional decoder; otherwise undefined. */
export const labelsFor = (
  { classes, data }: Pick<TrainedModel["Service"], "classes" | "data">,
  split: Split,
  indices: Int32Array
): Int32Array | undefined => {
  const { labels } = data[split]
  return classes === undefined || labels === undefined ? undefined : indices.map((index) => labels[index]!)
}

/** `count` labels that cycle through the classes, for a conditional decoder; otherwise undefined. */
export const cyclicLabels = (
  { classes }: Pick<TrainedModel["Service"], "classes">,
  count: number
): Int32Array | undefined =>
  classes === undefined ? undefined : Int32Array.from({ length: count }, (_, index) => index % classes)
