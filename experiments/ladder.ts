import {
  Adam,
  BetaElbo,
  Binarized,
  Curves,
  ElboTerms,
  Evaluation,
  Experiment,
  LadderVae,
  Mnist,
  NegativeLogLikelihood,
  Parameter,
  Reconstructions,
  Samples,
  SamplesByGroup,
  Schedule,
  Training
} from "effect-vae"

// The networks between image and group 1, and between the groups, as the paper halves them.
const groups = [
  { latent: 32, hidden: [512] },
  { latent: 16, hidden: [256] },
  { latent: 8, hidden: [128] }
] as const
const ladders = {
  "1": [groups[0]],
  "2": [groups[0], groups[1]],
  "3": groups
} as const
const warmUps = { none: 1, linear: Schedule.linear({ from: 0, to: 1, epochs: 5 }) }

export default Experiment.make("ladder", {
  description: "One, two and three groups of codes, each drawn given the one above (Sønderby et al. 2016).",
  parameters: {
    groups: Parameter.Choice(["1", "2", "3"], { default: "2", description: "groups of codes" }),
    warmUp: Parameter.Choice(["none", "linear"], {
      default: "linear",
      description: "whether the weight of the KL divergence grows over the first epochs"
    }),
    epochs: Parameter.PositiveInt({ default: 15, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 128, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, epochs, groups, learningRate, warmUp }) => ({
    dataset: Binarized.layer(Mnist.layer()),
    model: LadderVae.layer({ groups: ladders[groups] }),
    objective: BetaElbo.layer({ beta: warmUps[warmUp] }),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      NegativeLogLikelihood({ images: 200, samples: 1000 }),
      Curves(),
      Reconstructions(),
      Samples(),
      SamplesByGroup()
    )
  })
}).pipe(Experiment.grid({ groups: ["1", "2", "3"] }), Experiment.concat([{ groups: "3", warmUp: "none" }]))
