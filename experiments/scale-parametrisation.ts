import {
  Adam,
  BetaElbo,
  Curves,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  LatentScatter,
  LinearGaussian,
  Mnist,
  Parameter,
  Reconstructions,
  SoftplusGaussian,
  Training
} from "effect-vae"

const posteriors = { softplus: SoftplusGaussian(), sigma: LinearGaussian() }

export default Experiment.make("scale-parametrisation", {
  description: "Which scale of the posterior trains more stably: log(1 + exp(rho)), or sigma itself?",
  parameters: {
    posterior: Parameter.Choice(["softplus", "sigma"], {
      default: "softplus",
      description: "z = mean + log(1 + exp(rho)) * noise, or z = mean + sigma * noise"
    }),
    beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence in the loss" }),
    latent: Parameter.PositiveInt({ default: 2, description: "latent dimensions" }),
    hidden: Parameter.Widths({ default: [512, 256], description: "units of the encoder's hidden layers" }),
    epochs: Parameter.PositiveInt({ default: 3, description: "passes over the training images" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ beta, epochs, hidden, latent, learningRate, posterior }) => ({
    dataset: Mnist.layer(),
    model: DenseVae.layer({ hidden, latent, posterior: posteriors[posterior] }),
    objective: BetaElbo.layer({ beta }),
    training: Training.layer({ epochs, batchSize: 128, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(ElboTerms(), Curves(), Reconstructions(), LatentScatter())
  })
}).pipe(
  Experiment.grid({ posterior: ["softplus", "sigma"], learningRate: [1e-3, 1e-2] }),
  Experiment.seeds(1, 2, 3, 4, 5)
)
