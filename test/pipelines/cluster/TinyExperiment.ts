/**
 * A sweep of as many runs as one asks for, each over in a moment.
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

export default Experiment.make("tiny", {
  description: "A sweep of many short runs.",
  parameters: { beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }) },
  run: ({ beta }) => ({
    dataset: Synthetic.layer({ train: 64, test: 32 }),
    model: DenseVae.layer({ hidden: [8], latent: 2 }),
    objective: BetaElbo.layer({ beta }),
    training: Training.layer({ epochs: 1, batchSize: 32, optimizer: Adam({ learningRate: 1e-3 }) }),
    evaluation: Evaluation.layer(ElboTerms())
  })
})
