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
  Manifold,
  Mnist,
  Parameter,
  Reconstructions,
  Samples,
  Training
} from "effect-vae"

const datasets = { mnist: Mnist.layer(), "fashion-mnist": FashionMnist.layer() }

const reported: Readonly<Record<string, Experiment.Reference>> = {
  "mnist 20": { "test/loss": "105.18, 105.80, 105.71 (epoch 10)", "test/kl": "25.1 to 25.9" }
}

export default Experiment.make("pytorch-example", {
  description: "The VAE of PyTorch's examples (784-400-20-400-784), compared with its known results on MNIST.",
  parameters: {
    dataset: Parameter.Choice(["mnist", "fashion-mnist"], { default: "mnist", description: "dataset" }),
    latent: Parameter.PositiveInt({ default: 20, description: "latent dimensions" }),
    hidden: Parameter.Widths({ default: [400], description: "units of the encoder's hidden layers" }),
    epochs: Parameter.PositiveInt({ default: 10, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 128, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  // PyTorch 2.13, seeds 1, 2 and 3, 60,000 training and 10,000 test images, mean over the test images, nats per image.
  reference: ({ dataset, latent }) => reported[`${dataset} ${latent}`] ?? {},
  run: ({ batch, dataset, epochs, hidden, latent, learningRate }) => ({
    dataset: datasets[dataset],
    model: DenseVae.layer({ hidden, latent, initializer: "torch-linear" }),
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      Curves(),
      Reconstructions({ count: 8 }),
      Samples({ count: 64 }),
      LatentScatter(),
      Evaluation.optional(Manifold())
    )
  })
}).pipe(Experiment.grid({ latent: [20, 2] }), Experiment.seeds(1, 2, 3))
