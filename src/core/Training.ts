/**
 * How a model is trained: for how long, in which batches, by which optimiser.
 */
import { Context, Effect, Layer, Schema } from "effect"
import type { Optimizer } from "./Optimizer.ts"
import type { Spec } from "./Spec.ts"

/** Training cannot be set up as asked: which setting, its value, and what is allowed. */
export class TrainingError extends Schema.TaggedError<TrainingError>()("TrainingError", {
  reason: Schema.String
}) {
  override get message(): string {
    return `Training: ${this.reason}`
  }
}

export interface TrainingOptions {
  /** Passes over the training examples. */
  readonly epochs: number
  /** Examples a step; the last batch of an epoch may be shorter. */
  readonly batchSize: number
  readonly optimizer: Optimizer
}

export class Training extends Context.Service<Training, TrainingOptions & { readonly spec: Spec }>()(
  "vae/core/Training"
) {}

/** Optimiser steps in one pass over the training examples. */
export const stepsPerEpoch = ({ batchSize }: Pick<TrainingOptions, "batchSize">, examples: number): number =>
  Math.ceil(examples / batchSize)

/** The first thing wrong with the settings, as a sentence. */
const problemOf = ({ epochs, batchSize, optimizer }: TrainingOptions): string | undefined => {
  const wrong = Object.entries({ epochs, batchSize }).find(([, count]) => !Number.isInteger(count) || count < 1)
  if (wrong !== undefined) return `${wrong[0]} is ${wrong[1]}; it must be a whole number from 1`
  return optimizer.problem && `optimizer: ${optimizer.problem}`
}

/** Provides the training settings. Fails with `TrainingError` where one is not allowed. */
export const layer = (options: TrainingOptions): Layer.Layer<Training, TrainingError> => {
  const { epochs, batchSize, optimizer } = options
  const reason = problemOf(options)
  return Layer.effect(
    Training,
    reason === undefined
      ? Effect.succeed({ ...options, spec: { _tag: "Training", epochs, batchSize, optimizer: optimizer.spec } })
      : Effect.fail(new TrainingError({ reason }))
  )
}
