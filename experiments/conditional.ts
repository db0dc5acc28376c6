import {
  activation,
  Adam,
  BetaElbo,
  ConditionalGrid,
  ConditionalVae,
  Curves,
  dense,
  ElboTerms,
  Evaluation,
  Experiment,
  FashionMnist,
  Mnist,
  Parameter,
  reshape,
  Training
} from "effect-vae"

const datasets = { mnist: Mnist.layer(), "fashion-mnist": FashionMnist.layer() }
const relu = activation("relu")

export default Experiment.make("conditional", {
  description: "Conditional VAE: labels for encoder and decoder, so that a digit can be generated in a chosen style.",
  parameters: {
    beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence in the loss" }),
    dataset: Parameter.Choice(["mnist", "fashion-mnist"], { default: "mnist", description: "dataset" }),
    latent: Parameter.PositiveInt({ default: 10, description: "latent dimensions, which encode the style" }),
    epochs: Parameter.PositiveInt({ default: 15, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 128, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, beta, dataset, epochs, latent, learningRate }) => ({
    dataset: datasets[dataset],
    model: ConditionalVae.layer({
      encoder: [dense(512), relu, dense(256), relu],
      decoder: [dense(256), relu, dense(512), relu, dense(784), reshape([28, 28, 1])],
      latent
    }),
    objective: BetaElbo.layer({ beta }),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(ElboTerms(), Curves(), ConditionalGrid())
  })
})
