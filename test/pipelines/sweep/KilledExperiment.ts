/**
 * A small sweep that goes through everything that a run can be killed at: steps with several kinds of noise, checkpoints,
 * snapshots, evaluations, pictures, an animation, and the report on both runs.
 */
import {
  activation,
  Adam,
  BetaElbo,
  Curves,
  dense,
  dropout,
  ElboTerms,
  epochs,
  Evaluation,
  Experiment,
  flatten,
  LatentScatter,
  Parameter,
  reshape,
  ReconstructionsOverTraining,
  Samples,
  SequentialVae,
  Synthetic,
  Training
} from "../../../src/index.ts"

export default Experiment.make("killed", {
  description: "A small sweep to be killed.",
  parameters: {
    beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" })
  },
  run: ({ beta }) => ({
    dataset: Synthetic.layer({ train: 500, test: 100 }),
    model: SequentialVae.layer({
      latent: 2,
      encoder: [flatten(), dense(32), activation("relu"), dropout(0.9)],
      decoder: [dense(32), activation("relu"), dense(64), reshape([8, 8, 1])]
    }),
    objective: BetaElbo.layer({ beta }),
    // The last batch of an epoch is short.
    training: Training.layer({ epochs: 12, batchSize: 32, optimizer: Adam({ learningRate: 1e-2 }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      Curves(),
      Samples(),
      LatentScatter(),
      ReconstructionsOverTraining({ every: epochs(4) })
    )
  })
}).pipe(Experiment.grid({ beta: [1, 4] }))
