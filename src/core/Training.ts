/**
 * How a model is trained: for how long, in which batches, by which optimiser.
 */
import { Context, Layer } from "effect"
import type { Optimizer } from "./Optimizer.ts"
import type { Spec } from "./Spec.ts"

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

/** Provides the training settings. */
export const layer = (options: TrainingOptions): Layer.Layer<Training> =>
  Layer.succeed(Training, {
    ...options,
    spec: {
      _tag: "Training",
      epochs: options.epochs,
      batchSize: options.batchSize,
      optimizer: options.optimizer.spec
    }
  })
