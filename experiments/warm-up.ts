import {
  Adam,
  BetaElbo,
  Curves,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  KlPerDimension,
  Mnist,
  Parameter,
  Reconstructions,
  Samples,
  Schedule,
  Training
} from "effect-vae"

/** The weight of the KL divergence during a training of `epochs` epochs. */
const betas: Readonly<Record<"none" | "linear" | "cyclical", (epochs: number) => Schedule.Numeric>> = {
  none: () => 1,
  linear: (epochs) => Schedule.linear({ from: 0, to: 1, epochs: epochs / 2 }),
  cyclical: (epochs) => Schedule.cyclical({ from: 0, to: 1, cycles: 4, epochs })
}

export default Experiment.make("warm-up", {
  description:
    "KL warm-up: none, linear (Bowman et al. 2016) and cyclical (Fu et al. 2019), by active latent dimensions.",
  parameters: {
    warmUp: Parameter.Choice(["none", "linear", "cyclical"], {
      default: "linear",
      description: "schedule of the KL divergence's weight, up to 1"
    }),
    latent: Parameter.PositiveInt({ default: 50, description: "latent dimensions" }),
    hidden: Parameter.Widths({ default: [200, 200], description: "units of the encoder's hidden layers" }),
    epochs: Parameter.PositiveInt({ default: 20, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 100, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, epochs, hidden, latent, learningRate, warmUp }) => ({
    dataset: Mnist.layer(),
    model: DenseVae.layer({ hidden, latent }),
    objective: BetaElbo.layer({ beta: betas[warmUp](epochs) }),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(ElboTerms(), KlPerDimension(), Curves(), Reconstructions(), Samples())
  })
}).pipe(Experiment.grid({ warmUp: ["none", "linear", "cyclical"] }))
