/**
 * The components of a planned run's training step.
 */
import { Effect } from "effect"
import type { ModelError } from "../../core/Model.ts"
import { type StepIngredients, updateOptions } from "../../core/TrainStep.ts"
import type { PlannedRun } from "../plan/Plan.ts"

/** The run's model, built for its images, with its objective, augmentation and optimiser. */
export const ingredientsOf = ({
  dataset,
  model,
  objective,
  training
}: PlannedRun): Effect.Effect<StepIngredients, ModelError> =>
  Effect.map(model.build(dataset.shape), (autoencoder) => ({
    autoencoder,
    latent: model.latent,
    shape: dataset.shape,
    objective,
    augmentation: dataset.augmentation,
    ...updateOptions(training)
  }))
