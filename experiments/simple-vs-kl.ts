import {
  Adam,
  BetaElbo,
  Curves,
  ElboTerms,
  Evaluation,
  Experiment,
  FixedDeviationGaussian,
  GaussianLikelihood,
  HalfMeanSquaredCode,
  HalfSquaredError,
  LatentScatter,
  LogVarianceGaussian,
  Manifold,
  Mnist,
  Parameter,
  Reconstructions,
  SampleQuality,
  Samples,
  SequentialVae,
  SimpleVae,
  Smoothness,
  SumOfTerms,
  TermsAtMean,
  Training
} from "effect-vae"

// The same network, data and epochs; only what the code is drawn from and what pulls it to the prior differ.
const sides = {
  simple: {
    posterior: FixedDeviationGaussian({ deviation: 0.5 }),
    objective: SumOfTerms.layer(HalfSquaredError(), HalfMeanSquaredCode())
  },
  kl: { posterior: LogVarianceGaussian(), objective: BetaElbo.layer({ beta: 1 }) }
}

export default Experiment.make("simple-vs-kl", {
  description: "SimpleVAE's noise and pull to the origin against the KL divergence, all else equal.",
  parameters: {
    loss: Parameter.Choice(["simple", "kl"], {
      default: "simple",
      description: "noise of 0.5 and mean(latent²), or the ELBO with a learnt deviation"
    }),
    epochs: Parameter.PositiveInt({ default: 20, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 100, description: "images a training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, epochs, learningRate, loss }) => ({
    dataset: Mnist.layer(),
    model: SequentialVae.layer({
      ...SimpleVae.digits,
      latent: 2,
      posterior: sides[loss].posterior,
      likelihood: GaussianLikelihood({ deviation: 1, output: "sigmoid" })
    }),
    objective: sides[loss].objective,
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate, epsilon: 1e-7 }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      TermsAtMean(),
      Curves(),
      Reconstructions(),
      Samples(),
      LatentScatter(),
      Manifold({ columns: 10, range: [-4, 4] }),
      SampleQuality(),
      Smoothness()
    )
  })
}).pipe(Experiment.grid({ loss: ["simple", "kl"] }), Experiment.seeds(1, 2, 3))
