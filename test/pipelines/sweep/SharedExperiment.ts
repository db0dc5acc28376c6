/**
 * A sweep for several processes, of products that are large enough to be computed with several threads.
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
  Synthetic,
  Training
} from "../../../src/index.ts"

export const named = (name: string) =>
  Experiment.make(name, {
    description: "A sweep that several processes share.",
    parameters: {
      beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }),
      epochs: Parameter.PositiveInt({ default: 5, description: "passes over the training images" }),
      learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
    },
    run: ({ beta, epochs, learningRate }) => ({
      dataset: Synthetic.layer({ train: 500, test: 100, height: 16, width: 16 }),
      model: DenseVae.layer({ hidden: [128], latent: 2 }),
      objective: BetaElbo.layer({ beta }),
      training: Training.layer({ epochs, batchSize: 128, optimizer: Adam({ learningRate }) }),
      evaluation: Evaluation.layer(ElboTerms(), Curves())
    })
  })

export default named("shared").pipe(Experiment.grid({ beta: [0, 1, 2, 3] }))
