import {
  activation,
  Adam,
  BetaElbo,
  Curves,
  dense,
  Denoising,
  ElboTerms,
  Evaluation,
  Experiment,
  flatten,
  Mnist,
  Parameter,
  reshape,
  saltAndPepper,
  SequentialVae,
  SoftplusGaussian,
  Training
} from "effect-vae"

export default Experiment.make("denoising", {
  description: "Salt-and-pepper noise on the encoder's input, the clean image as the target.",
  parameters: {
    noise: Parameter.NonNegative({ default: 0.3, description: "fraction of the pixels set to black or white" }),
    latent: Parameter.PositiveInt({ default: 20, description: "latent dimensions" }),
    epochs: Parameter.PositiveInt({ default: 20, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 128, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, epochs, latent, learningRate, noise }) => ({
    dataset: Mnist.layer(),
    model: SequentialVae.layer({
      encoder: [
        saltAndPepper({ probability: noise }),
        flatten(),
        dense(500),
        activation("elu"),
        dense(500),
        activation("tanh")
      ],
      decoder: [dense(500), activation("tanh"), dense(500), activation("elu"), dense(784), reshape([28, 28, 1])],
      latent,
      posterior: SoftplusGaussian({ floor: 1e-6 })
    }),
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(ElboTerms(), Curves(), Denoising({ probability: noise }))
  })
}).pipe(Experiment.grid({ noise: [0, 0.3] }))
