import {
  activation,
  Adam,
  BetaElbo,
  Curves,
  dense,
  dropout,
  ElboTerms,
  epochs as every,
  Evaluation,
  Experiment,
  flatten,
  LatentScatterOverTraining,
  ManifoldOverTraining,
  Manifold,
  Mnist,
  Parameter,
  Reconstructions,
  ReconstructionsOverTraining,
  reshape,
  Samples,
  SequentialVae,
  SoftplusGaussian,
  Training
} from "effect-vae"

const pixels = 784

export default Experiment.make("kingma-welling", {
  description:
    "Figures 4 and 5 of Kingma and Welling 2013: latent spaces of 2, 5, 10 and 20 dimensions, over training.",
  parameters: {
    latent: Parameter.PositiveInt({ default: 2, description: "latent dimensions" }),
    keep: Parameter.Positive({
      default: 0.9,
      description: "fraction of the units that dropout keeps in training, up to 1"
    }),
    epochs: Parameter.PositiveInt({ default: 20, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 128, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, epochs, keep, latent, learningRate }) => ({
    dataset: Mnist.layer(),
    model: SequentialVae.layer({
      encoder: [flatten(), dense(500), activation("elu"), dropout(keep), dense(500), activation("tanh"), dropout(keep)],
      decoder: [
        dense(500),
        activation("tanh"),
        dropout(keep),
        dense(500),
        activation("elu"),
        dropout(keep),
        dense(pixels),
        reshape([28, 28, 1])
      ],
      latent,
      posterior: SoftplusGaussian({ floor: 1e-6 })
    }),
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      Curves(),
      Reconstructions(),
      Samples(),
      ReconstructionsOverTraining({ every: every(1) }),
      Evaluation.optional(Manifold()),
      Evaluation.optional(ManifoldOverTraining({ every: every(1), range: [-4, 4] })),
      Evaluation.optional(LatentScatterOverTraining({ every: every(1) }))
    )
  })
}).pipe(Experiment.grid({ latent: [2, 5, 10, 20] }))
