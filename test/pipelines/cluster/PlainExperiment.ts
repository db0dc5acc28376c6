/**
 * A sweep for several machines: short runs with steps that draw noise, checkpoints and an evaluation.
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

export default Experiment.make("plain", {
  description: "A sweep for several machines.",
  parameters: {
    beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }),
    epochs: Parameter.PositiveInt({ default: 10, description: "passes over the training images" })
  },
  run: ({ beta, epochs }) => ({
    dataset: Synthetic.layer({ train: 500, test: 100 }),
    model: DenseVae.layer({ hidden: [32], latent: 2 }),
    objective: BetaElbo.layer({ beta }),
    // The last batch of an epoch is short.
    training: Training.layer({ epochs, batchSize: 32, optimizer: Adam({ learningRate: 1e-3 }) }),
    evaluation: Evaluation.layer(ElboTerms())
  })
}).pipe(Experiment.grid({ beta: [0, 1] }))
