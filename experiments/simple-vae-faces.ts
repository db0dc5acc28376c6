import {
  Adam,
  CodesBySplit,
  Curves,
  ElboTerms,
  Evaluation,
  Experiment,
  FixedDeviationGaussian,
  GaussianLikelihood,
  LatentL2Penalty,
  HalfSquaredError,
  Manifold,
  MaskedFaces,
  Parameter,
  Reconstructions,
  SequentialVae,
  SimpleVae,
  CompositeLoss,
  TermsAtMean,
  Training
} from "effect-vae"

export default Experiment.make("simple-vae-faces", {
  description: "SimpleVAE on 128x128 faces with a black background.",
  parameters: {
    noise: Parameter.Positive({ default: 0.5, description: "standard deviation of the noise on the code in training" }),
    epochs: Parameter.PositiveInt({ default: 200, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 100, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, epochs, learningRate, noise }) => ({
    dataset: MaskedFaces.layer(),
    model: SequentialVae.layer({
      ...SimpleVae.faces,
      latent: 2,
      posterior: FixedDeviationGaussian({ deviation: noise }),
      likelihood: GaussianLikelihood({ deviation: 1, output: "sigmoid" })
    }),
    // ( 128 * 128 * 3 * mean squared error + mean(latent²) ) / 2
    objective: CompositeLoss.layer(HalfSquaredError(), LatentL2Penalty()),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate, epsilon: 1e-7 }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      TermsAtMean(),
      Curves(),
      Reconstructions(),
      CodesBySplit(),
      Manifold({ columns: 10, range: [-8, 8] })
    )
  })
})
