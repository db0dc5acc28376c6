import {
  Adam,
  Binarized,
  Curves,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  ImportanceWeighted,
  Mnist,
  NegativeLogLikelihood,
  Parameter,
  Reconstructions,
  Samples,
  Schedule,
  Training
} from "effect-vae"

/** Stage i, from 0, lasts 3^i epochs. */
const epochsOf = (stages: number): number => (3 ** stages - 1) / 2

/** 0.001 · 10^(-i/7) in stage i. */
const learningRate = (stages: number): Schedule.Schedule =>
  Schedule.piecewise({
    values: Array.from({ length: stages }, (_, stage) => 1e-3 * 10 ** (-stage / 7)),
    epochs: Array.from({ length: stages - 1 }, (_, stage) => epochsOf(stage + 1))
  })

// Table 1, one stochastic layer, after all 8 stages, on all 10,000 test images.
const reported: Readonly<Record<number, number>> = { 1: 86.76, 5: 85.54, 50: 84.78 }

export default Experiment.make("importance-weighted", {
  description: "Importance-weighted autoencoders with 1, 5 and 50 codes per image (Burda et al. 2015, table 1).",
  parameters: {
    samples: Parameter.PositiveInt({ default: 5, description: "codes per image in the loss; 1 is the VAE" }),
    stages: Parameter.PositiveInt({
      default: 3,
      description: "stages of 1, 3, 9, ... epochs at decreasing learning rates; 8 as published"
    }),
    latent: Parameter.PositiveInt({ default: 50, description: "latent dimensions" }),
    hidden: Parameter.Widths({ default: [200, 200], description: "units of the encoder's hidden layers" }),
    batch: Parameter.PositiveInt({ default: 20, description: "images per training step" }),
    testImages: Parameter.PositiveInt({
      default: 2000,
      description: "maximum number of test images in the log likelihood"
    })
  },
  reference: ({ samples, stages }) => {
    const nll = stages === 8 ? reported[samples] : undefined
    return nll === undefined ? {} : { "test/nll": nll }
  },
  run: ({ batch, hidden, latent, samples, stages, testImages }) => ({
    dataset: Binarized.layer(Mnist.layer()),
    model: DenseVae.layer({ hidden, latent, activation: "tanh", outputBias: "pixel-means" }),
    objective: ImportanceWeighted.layer({ samples }),
    training: Training.layer({
      epochs: epochsOf(stages),
      batchSize: batch,
      optimizer: Adam({ learningRate: learningRate(stages), epsilon: 1e-4 })
    }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      NegativeLogLikelihood({ samples: 5000, images: testImages }),
      Curves(),
      Reconstructions(),
      Samples()
    )
  })
}).pipe(Experiment.grid({ samples: [1, 5, 50] }))
