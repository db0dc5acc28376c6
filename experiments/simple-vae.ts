import {
  Adam,
  Curves,
  ElboTerms,
  Evaluation,
  Experiment,
  FixedDeviationGaussian,
  GaussianLikelihood,
  LatentL2Penalty,
  HalfSquaredError,
  LatentScatter,
  Manifold,
  Mnist,
  Parameter,
  Reconstructions,
  SequentialVae,
  SimpleVae,
  Split,
  CompositeLoss,
  TermsAtMean,
  Training
} from "effect-vae"

// PyTorch, Glorot initialisation, seed 1, the loss at the code's mean on the validation images. The source itself
// reports
// figures and 2 s per epoch on a GTX 1080 Ti.
const reported: Readonly<Record<number, Experiment.Reference>> = {
  100: { "test/loss-at-mean": "26.3, 24.04, 23.69, 23.48 (PyTorch, epochs 1 to 4)" },
  1000: { "test/loss-at-mean": "26.3 (PyTorch, epoch 6)" }
}

export default Experiment.make("simple-vae", {
  description:
    "SimpleVAE on digits: a smooth latent plane from noise and an L2 penalty on the code, without a KL divergence.",
  parameters: {
    noise: Parameter.Positive({ default: 0.5, description: "standard deviation of the noise on the code in training" }),
    epochs: Parameter.PositiveInt({ default: 200, description: "passes over the 49,000 training images" }),
    batch: Parameter.PositiveInt({ default: 1000, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  reference: ({ batch }) => reported[batch] ?? {},
  run: ({ batch, epochs, learningRate, noise }) => ({
    dataset: Split.layer(Mnist.layer(), { testFraction: 0.3, heldOut: "last" }),
    model: SequentialVae.layer({
      ...SimpleVae.digits,
      latent: 2,
      posterior: FixedDeviationGaussian({ deviation: noise }),
      likelihood: GaussianLikelihood({ deviation: 1, output: "sigmoid" })
    }),
    // ( 784 * mean squared error + mean(latent²) ) / 2
    objective: CompositeLoss.layer(HalfSquaredError(), LatentL2Penalty()),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate, epsilon: 1e-7 }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      TermsAtMean(),
      Curves(),
      Reconstructions(),
      LatentScatter({ count: 70_000 }),
      Manifold({ columns: 10, range: [-4, 4] })
    )
  })
})
