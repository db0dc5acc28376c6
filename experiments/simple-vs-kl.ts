import {
  activation,
  Adam,
  BernoulliLogits,
  BetaElbo,
  Curves,
  dense,
  ElboTerms,
  Evaluation,
  Experiment,
  FixedDeviationGaussian,
  flatten,
  GaussianLikelihood,
  LatentL2Penalty,
  HalfSquaredError,
  LatentScatter,
  LogVarianceGaussian,
  Manifold,
  Mnist,
  Parameter,
  ReconstructionError,
  Reconstructions,
  reshape,
  SampleQuality,
  Samples,
  SequentialVae,
  SimpleVae,
  Smoothness,
  CompositeLoss,
  TermsAtMean,
  Training
} from "effect-vae"

// SimpleVAE's own network may stay on the mean image for thousands of steps with any loss; this one does not.
const relu = activation("relu")
const networks = {
  dense: {
    encoder: [flatten(), dense(512), relu, dense(256), relu],
    decoder: [dense(256), relu, dense(512), relu, dense(784), reshape([28, 28, 1])]
  },
  convolutional: SimpleVae.digits
}

// The same network, data and epochs; only the posterior, the latent term and, in the last case, the likelihood differ.
const squared = GaussianLikelihood({ deviation: 1, output: "sigmoid" })
const sides = {
  simple: {
    posterior: FixedDeviationGaussian({ deviation: 0.5 }),
    likelihood: squared,
    objective: CompositeLoss.layer(HalfSquaredError(), LatentL2Penalty())
  },
  kl: { posterior: LogVarianceGaussian(), likelihood: squared, objective: BetaElbo.layer({ beta: 1 }) },
  "kl-bernoulli": {
    posterior: LogVarianceGaussian(),
    likelihood: BernoulliLogits(),
    objective: BetaElbo.layer({ beta: 1 })
  }
}

export default Experiment.make("simple-vs-kl", {
  description: "SimpleVAE's noise and L2 penalty compared with the KL divergence, all else equal.",
  parameters: {
    loss: Parameter.Choice(["simple", "kl", "kl-bernoulli"], {
      default: "simple",
      description: "noise of 0.5 and an L2 penalty; the ELBO with the same squared error; the ELBO with cross-entropy"
    }),
    network: Parameter.Choice(["dense", "convolutional"], {
      default: "dense",
      description: "dense 784-512-256-2, or SimpleVAE's own"
    }),
    epochs: Parameter.PositiveInt({ default: 10, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 100, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, epochs, learningRate, loss, network }) => ({
    dataset: Mnist.layer(),
    model: SequentialVae.layer({
      ...networks[network],
      latent: 2,
      posterior: sides[loss].posterior,
      likelihood: sides[loss].likelihood
    }),
    objective: sides[loss].objective,
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate, epsilon: 1e-7 }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      TermsAtMean(),
      ReconstructionError(),
      Curves(),
      Reconstructions(),
      Samples(),
      LatentScatter(),
      Manifold({ columns: 10, range: [-4, 4] }),
      SampleQuality(),
      Smoothness()
    )
  })
}).pipe(Experiment.grid({ loss: ["simple", "kl", "kl-bernoulli"] }), Experiment.seeds(1, 2, 3))
