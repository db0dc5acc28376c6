/**
 * A sweep for several machines: runs of a few seconds with steps that draw noise, checkpoints, evaluations and figures.
 */
import {
  Adam,
  BetaElbo,
  Curves,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  Parameter,
  Samples,
  Synthetic,
  Training
} from "../../../src/index.ts"

export default Experiment.make("clustered", {
  description: "A sweep for several machines.",
  parameters: {
    beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }),
    epochs: Parameter.PositiveInt({ default: 10, description: "passes over the training images" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ beta, epochs, learningRate }) => ({
    dataset: Synthetic.layer({ train: 500, test: 100 }),
    model: DenseVae.layer({ hidden: [32], latent: 2 }),
    objective: BetaElbo.layer({ beta }),
    // The last batch of an epoch is short.
    training: Training.layer({ epochs, batchSize: 32, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(ElboTerms(), Curves(), Samples())
  })
}).pipe(Experiment.grid({ beta: [0, 1, 2, 4] }))
