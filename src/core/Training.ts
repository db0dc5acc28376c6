/**
 * The training settings: duration, batches, optimiser.
 *
 * Laws: all settings are part of the spec, defaults omitted; an interrupted and resumed run gives the same bits with
 * any of them.
 */
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Validation } from "./Dataset.ts"
import * as EarlyStopping from "./EarlyStopping.ts"
import type { Optimizer } from "./Optimizer.ts"
import type { Span } from "./Schedule.ts"
import type { Spec } from "./Spec.ts"
import { choiceProblem, countProblem, countsProblem } from "./OptionProblem.ts"

export type { EarlyStopping } from "./EarlyStopping.ts"

/** Invalid training settings. */
export class TrainingError extends Schema.TaggedError<TrainingError>()("TrainingError", {
  reason: Schema.String
}) {
  override get message(): string {
    return `Training: ${this.reason}`
  }
}

/** An exponential moving average of the parameters. */
export interface ParameterAverage {
  /** Decay per step, in (0, 1); it averages about `1 / (1 - decay)` steps. */
  readonly decay: number
}

/** The duration is in epochs, or in optimiser steps; then the last epoch may be incomplete. */
export type TrainingOptions = Span & {
  /** Examples per optimiser step. */
  readonly batchSize: number
  readonly optimizer: Optimizer
  /** Whether to keep or drop an incomplete last batch of an epoch; default: `keep`. */
  readonly lastBatch?: "keep" | "drop"
  /**
   * Number of micro-batches per batch. Their gradients are accumulated for one update, which gives the same numbers as
   * the whole batch up to rounding, with less memory. Default: 1.
   */
  readonly accumulate?: number
  /** Early stopping, which restores the parameters of the best epoch: `Training.earlyStopping(...)`. */
  readonly stopping?: EarlyStopping.EarlyStopping
  /** An exponential moving average of the parameters, which evaluations use instead of the parameters. */
  readonly average?: ParameterAverage
}

export class Training extends Context.Service<Training, TrainingOptions & { readonly spec: Spec }>()(
  "vae/core/Training"
) {}

/** Optimiser steps in one pass over the training examples. */
export const stepsPerEpoch = (
  { batchSize, lastBatch }: Pick<TrainingOptions, "batchSize" | "lastBatch">,
  examples: number
): number => (lastBatch === "drop" ? Math.floor : Math.ceil)(examples / batchSize)

/** Optimiser steps of the whole training; early stopping may end it earlier. */
export const totalSteps = (training: TrainingOptions, examples: number): number =>
  training.steps ?? training.epochs * stepsPerEpoch(training, examples)

/** Epochs of the whole training; the last may be incomplete. */
export const totalEpochs = (training: TrainingOptions, examples: number): number =>
  training.epochs ?? Math.ceil(training.steps / stepsPerEpoch(training, examples))

/** The duration in words: `15 epochs`, `up to 2000 steps`. */
export const lengthInWords = ({ epochs, steps, stopping }: TrainingOptions): string => {
  const [count, unit] = steps === undefined ? [epochs, "epoch"] : [steps, "step"]
  return `${stopping === undefined ? "" : "up to "}${count} ${unit}${count === 1 ? "" : "s"}`
}

/**
 * Ends training once the metric has not improved for `patience` epochs, and restores the best parameters:
 * `earlyStopping({ metric: "validation/loss", patience: 5 })`. The dataset must have validation examples.
 */
export const earlyStopping = (options: EarlyStopping.EarlyStopping): EarlyStopping.EarlyStopping => options

const averageProblem = ({ decay }: ParameterAverage): string | undefined =>
  decay > 0 && decay < 1 ? undefined : `average: decay is ${decay}; it must be above 0 and below 1`

const lastBatches: ReadonlyArray<string> = ["keep", "drop"]

/** The first error of the settings, as a sentence; undefined if they are valid. */
const problemOf = (options: TrainingOptions): string | undefined => {
  const { accumulate = 1, average, batchSize, epochs, lastBatch = "keep", optimizer, steps, stopping } = options
  const length = steps === undefined ? countProblem("epochs", epochs) : countProblem("steps", steps)
  const counts =
    length ?? countsProblem({ batchSize, accumulate }) ?? choiceProblem("lastBatch", lastBatch, lastBatches)
  if (counts !== undefined) return counts
  if (accumulate > batchSize) return `accumulate is ${accumulate}; it must be at most the batchSize of ${batchSize}`
  const stoppingProblem = stopping && EarlyStopping.problemOf(stopping)
  if (stoppingProblem !== undefined) return `stopping: ${stoppingProblem}`
  const optimizerProblem = optimizer.problem && `optimizer: ${optimizer.problem}`
  return (average && averageProblem(average)) ?? optimizerProblem
}

const specOf = (options: TrainingOptions): Spec => {
  const { accumulate = 1, average, batchSize, epochs, lastBatch = "keep", optimizer, steps, stopping } = options
  return {
    _tag: "Training",
    ...(steps === undefined ? { epochs } : { steps }),
    batchSize,
    optimizer: optimizer.spec,
    ...(lastBatch !== "keep" && { lastBatch }),
    ...(accumulate !== 1 && { accumulate }),
    ...(stopping !== undefined && { stopping: { minimumChange: 0, ...stopping } }),
    ...(average !== undefined && { average: { decay: average.decay } })
  }
}

/** Services that the settings require of the dataset: validation examples for early stopping. */
export type Needs<Options extends TrainingOptions> = [
  Extract<Options["stopping"], EarlyStopping.EarlyStopping>
] extends [never]
  ? never
  : Validation

/** Provides the training settings. Fails with `TrainingError` for an invalid setting. */
export const layer = <const Options extends TrainingOptions>(
  options: Options
): Layer.Layer<Training, TrainingError, Needs<Options>> =>
  Layer.effect(
    Training,
    Effect.gen(function* () {
      const hasValidation = Option.isSome(yield* Effect.serviceOption(Validation))
      const missing =
        options.stopping === undefined || hasValidation
          ? undefined
          : "stopping needs validation examples; wrap the dataset in ValidationSplit.layer"
      const reason = problemOf(options) ?? missing
      if (reason !== undefined) return yield* new TrainingError({ reason })
      return { ...(options as TrainingOptions), spec: specOf(options) }
    })
  )
