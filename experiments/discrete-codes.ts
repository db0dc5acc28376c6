import {
  Adam,
  BetaElbo,
  CodeUsage,
  Curves,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  GumbelSoftmax,
  LatentScatter,
  Mnist,
  type Model,
  Parameter,
  Reconstructions,
  SampleQuality,
  Samples,
  Schedule,
  Training,
  VectorQuantised
} from "effect-vae"
import type { Layer } from "effect"

type Codes = "gaussian" | "categorical" | "straight-through" | "quantised" | "quantised-average"

const network = { hidden: [512, 256] }
// Annealed as in Jang et al. 2017.
const temperature = Schedule.exponential({ from: 1, to: 0.5, epochs: 10 })

// Categorical: 20 variables of 10 categories. Quantised: 20 variables, each an entry of one codebook of 64.
const models: Readonly<Record<Codes, Layer.Layer<Model.Model, Model.ModelError>>> = {
  gaussian: DenseVae.layer({ ...network, latent: 20 }),
  categorical: DenseVae.layer({ ...network, latent: 200, posterior: GumbelSoftmax({ categories: 10, temperature }) }),
  "straight-through": DenseVae.layer({
    ...network,
    latent: 200,
    posterior: GumbelSoftmax({ categories: 10, temperature, straightThrough: true })
  }),
  quantised: DenseVae.layer({ ...network, latent: 160, posterior: VectorQuantised({ entries: 64, dimensions: 8 }) }),
  "quantised-average": DenseVae.layer({
    ...network,
    latent: 160,
    posterior: VectorQuantised({ entries: 64, dimensions: 8, decay: 0.99 })
  })
}

export default Experiment.make("discrete-codes", {
  description: "Gaussian, categorical and vector-quantised codes on the same network.",
  parameters: {
    codes: Parameter.Choice(["gaussian", "categorical", "straight-through", "quantised", "quantised-average"], {
      default: "categorical",
      description: "how codes are drawn"
    }),
    epochs: Parameter.PositiveInt({ default: 10, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 128, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, codes, epochs, learningRate }) => ({
    dataset: Mnist.layer(),
    model: models[codes],
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      Curves(),
      Reconstructions(),
      Samples(),
      SampleQuality(),
      LatentScatter(),
      Evaluation.optional(CodeUsage())
    )
  })
}).pipe(Experiment.grid({ codes: ["gaussian", "categorical", "straight-through", "quantised", "quantised-average"] }))
