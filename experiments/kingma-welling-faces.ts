import {
  activation,
  Adam,
  BetaElbo,
  Curves,
  dense,
  ElboTerms,
  epochs as every,
  Evaluation,
  Experiment,
  flatten,
  FreyFaces,
  GaussianLikelihood,
  Interpolation,
  ManifoldOverTraining,
  Manifold,
  Parameter,
  Reconstructions,
  ReconstructionsOverTraining,
  reshape,
  Samples,
  SequentialVae,
  SoftplusGaussian,
  Training
} from "effect-vae"

const pixels = 28 * 20

export default Experiment.make("kingma-welling-faces", {
  description: "Figure 4 of Kingma and Welling 2013: the latent plane of a video of one person's face.",
  parameters: {
    latent: Parameter.PositiveInt({ default: 2, description: "latent dimensions" }),
    hidden: Parameter.PositiveInt({ default: 200, description: "units of the hidden layers of encoder and decoder" }),
    deviation: Parameter.Positive({
      default: 0.1,
      description: "standard deviation of a pixel (0 is black, 1 is white) around the decoder's mean"
    }),
    epochs: Parameter.PositiveInt({ default: 400, description: "passes over the 1,572 training images" }),
    batch: Parameter.PositiveInt({ default: 100, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, deviation, epochs, hidden, latent, learningRate }) => ({
    dataset: FreyFaces.layer(),
    model: SequentialVae.layer({
      encoder: [flatten(), dense(hidden), activation("tanh")],
      decoder: [dense(hidden), activation("tanh"), dense(pixels), reshape([28, 20, 1])],
      latent,
      posterior: SoftplusGaussian({ floor: 1e-6 }),
      likelihood: GaussianLikelihood({ deviation, output: "sigmoid" })
    }),
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      Curves(),
      Reconstructions(),
      Samples(),
      Interpolation(),
      ReconstructionsOverTraining({ every: every(10) }),
      Evaluation.optional(Manifold()),
      Evaluation.optional(ManifoldOverTraining({ every: every(10) }))
    )
  })
})
