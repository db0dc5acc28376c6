import {
  Adam,
  BetaElbo,
  Curves,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  FashionMnist,
  LatentScatter,
  LogVarianceGaussian,
  Manifold,
  Mnist,
  Parameter,
  Reconstructions,
  Samples,
  SoftplusGaussian,
  Training
} from "effect-vae"

const datasets = { mnist: Mnist.layer(), "fashion-mnist": FashionMnist.layer() }
const posteriors = { "log-variance": LogVarianceGaussian(), softplus: SoftplusGaussian() }

// In words, because the source shows figures without numbers.
const reported: Readonly<Record<number, Experiment.Reference>> = {
  0: { "test/reconstruction": "good; new images poor" },
  12: { "test/reconstruction": "clusters, densely packed" },
  200: { "test/reconstruction": "poor, no clusters" }
}

export default Experiment.make("beta-sweep", {
  description: "How β trades reconstruction against the KL divergence: reconstruction only, both, KL only.",
  parameters: {
    beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence in the loss" }),
    dataset: Parameter.Choice(["mnist", "fashion-mnist"], { default: "mnist", description: "dataset" }),
    latent: Parameter.PositiveInt({ default: 2, description: "latent dimensions" }),
    hidden: Parameter.Widths({ default: [512, 256], description: "units of the encoder's hidden layers" }),
    posterior: Parameter.Choice(["softplus", "log-variance"], {
      default: "softplus",
      description: "the encoder's scale output: deviation = log(1 + exp(rho)), or the log variance"
    }),
    epochs: Parameter.PositiveInt({ default: 15, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 128, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  reference: ({ beta }) => reported[beta] ?? {},
  run: ({ batch, beta, dataset, epochs, hidden, latent, learningRate, posterior }) => ({
    dataset: datasets[dataset],
    model: DenseVae.layer({ hidden, latent, posterior: posteriors[posterior] }),
    objective: BetaElbo.layer({ beta }),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      Curves(),
      Reconstructions(),
      Samples(),
      LatentScatter(),
      Evaluation.optional(Manifold())
    )
  })
}).pipe(Experiment.grid({ beta: [0, 12, 200] }))
