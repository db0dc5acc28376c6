import {
  Adam,
  BetaElbo,
  BetaTcVae,
  Curves,
  DenseVae,
  DipVae,
  ElboTerms,
  Evaluation,
  Experiment,
  FactorVae,
  FashionMnist,
  InfoVae,
  Parameter,
  Reconstructions,
  Samples,
  Training
} from "effect-vae"

// All favour independent dimensions; with a strength of 1 the first two are the ELBO.
const objectives = {
  "beta-vae": (strength: number) => BetaElbo.layer({ beta: strength }),
  "beta-tc-vae": (strength: number) => BetaTcVae.layer({ beta: strength }),
  "dip-vae": (strength: number) => DipVae.layer({ kind: "II", offDiagonal: strength, diagonal: strength }),
  "factor-vae": (strength: number) => FactorVae.layer({ gamma: strength, hidden: [256, 256, 256] }),
  "info-vae": (strength: number) => InfoVae.layer({ alpha: 0, lambda: 100 * strength })
}

export default Experiment.make("total-correlation", {
  description: "Objectives over a batch: their cost in reconstruction for independent latent dimensions.",
  parameters: {
    objective: Parameter.Choice(["beta-vae", "beta-tc-vae", "dip-vae", "factor-vae", "info-vae"], {
      default: "beta-tc-vae",
      description: "the objective"
    }),
    strength: Parameter.Positive({ default: 6, description: "weight of the term for independent dimensions" }),
    latent: Parameter.PositiveInt({ default: 10, description: "latent dimensions" }),
    hidden: Parameter.Widths({ default: [512, 256], description: "units of the encoder's hidden layers" }),
    epochs: Parameter.PositiveInt({ default: 10, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 128, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, epochs, hidden, latent, learningRate, objective, strength }) => ({
    dataset: FashionMnist.layer(),
    model: DenseVae.layer({ hidden, latent }),
    objective: objectives[objective](strength),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(ElboTerms(), Curves(), Reconstructions(), Samples())
  })
}).pipe(Experiment.grid({ objective: ["beta-vae", "beta-tc-vae", "dip-vae", "factor-vae", "info-vae"] }))
