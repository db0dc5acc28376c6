/**
 * A sweep of runs that take no time, for several processes: what counts is who trains which run.
 */
import {
  Adam,
  BetaElbo,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  Parameter,
  Synthetic,
  Training
} from "../../../src/index.ts"

export const named = (name: string) =>
  Experiment.make(name, {
    description: "A sweep that several processes share.",
    parameters: {
      beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }),
      epochs: Parameter.PositiveInt({ default: 5, description: "passes over the training images" })
    },
    run: ({ beta, epochs }) => ({
      dataset: Synthetic.layer({ train: 300, test: 50 }),
      model: DenseVae.layer({ hidden: [16], latent: 2 }),
      objective: BetaElbo.layer({ beta }),
      training: Training.layer({ epochs, batchSize: 128, optimizer: Adam({ learningRate: 1e-3 }) }),
      evaluation: Evaluation.layer(ElboTerms())
    })
  })

export default named("shared").pipe(Experiment.grid({ beta: [0, 1, 2, 3] }))
