import {
  activation,
  Adam,
  Curves,
  dense,
  ElboTerms,
  Evaluation,
  Experiment,
  flatten,
  InteractiveScatter,
  KlDivergence,
  LatentScatter,
  Mnist,
  ReconstructionLoss,
  Parameter,
  Reconstructions,
  reshape,
  Samples,
  SequentialVae,
  CompositeLoss,
  Training
} from "effect-vae"

// As that project wrote it: linear hidden layers in the decoder, and the KL divergence averaged over its dimensions.
const variants = {
  "as-written": { decoder: activation("linear"), reduction: "mean" },
  elbo: { decoder: activation("relu"), reduction: "sum" }
} as const

export default Experiment.make("parametrised", {
  description:
    "Everything is a parameter: layers, latent dimensions, training, and the loss as written or a proper ELBO.",
  parameters: {
    latent: Parameter.PositiveInt({ default: 2, description: "latent dimensions" }),
    encoder: Parameter.Widths({ default: [512, 128, 64], description: "units of the encoder's hidden layers" }),
    decoder: Parameter.Widths({ default: [64, 128, 512], description: "units of the decoder's hidden layers" }),
    loss: Parameter.Choice(["as-written", "elbo"], {
      default: "elbo",
      description: "as-written: linear hidden layers in the decoder and the KL divergence averaged; elbo: neither"
    }),
    plot: Parameter.Choice(["2d", "3d"], { default: "2d", description: "dimensions of the interactive scatter" }),
    epochs: Parameter.PositiveInt({ default: 30, description: "passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 128, description: "images per training step" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ batch, decoder, encoder, epochs, latent, learningRate, loss, plot }) => ({
    dataset: Mnist.layer(),
    model: SequentialVae.layer({
      encoder: [flatten(), ...encoder.flatMap((units) => [dense(units), activation("relu")])],
      decoder: [
        ...decoder.flatMap((units) => [dense(units), variants[loss].decoder]),
        dense(784),
        reshape([28, 28, 1])
      ],
      latent
    }),
    objective: CompositeLoss.layer(ReconstructionLoss(), KlDivergence({ reduction: variants[loss].reduction })),
    training: Training.layer({ epochs, batchSize: batch, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(
      ElboTerms(),
      Curves(),
      Reconstructions({ count: 25, layout: "beside" }),
      Samples({ count: 25 }),
      LatentScatter(),
      InteractiveScatter({ dimensions: ({ "2d": 2, "3d": 3 } as const)[plot] })
    )
  })
}).pipe(Experiment.zip({ latent: [2, 3], plot: ["2d", "3d"] }), Experiment.grid({ loss: ["as-written", "elbo"] }))
