import {
  Adagrad,
  Adam,
  AdamW,
  addDecayedWeights,
  BetaElbo,
  clipByGlobalNorm,
  Curves,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  Lion,
  maskedBy,
  Mnist,
  Optimizer,
  Parameter,
  Reconstructions,
  RmsProp,
  scaleByAdam,
  scaleByLearningRate,
  Schedule,
  Sgd,
  Training,
  ValidationSplit
} from "effect-vae"

/** Each with its usual learning rate, times a factor. */
const optimizers = {
  adam: (factor: number) => Adam({ learningRate: 1e-3 * factor }),
  adamw: (factor: number) => AdamW({ learningRate: 1e-3 * factor, decay: 0.01 }),
  "rms-prop": (factor: number) => RmsProp({ learningRate: 1e-3 * factor, decay: 0.9 }),
  nesterov: (factor: number) => Sgd({ learningRate: 1e-4 * factor, momentum: 0.9, nesterov: true }),
  adagrad: (factor: number) => Adagrad({ learningRate: 1e-2 * factor }),
  lion: (factor: number) => Lion({ learningRate: 1e-4 * factor, decay: 0.1 }),
  chain: (factor: number) =>
    Optimizer.chain(
      clipByGlobalNorm(100),
      scaleByAdam(),
      maskedBy(/kernel$/, addDecayedWeights(0.01)),
      scaleByLearningRate(
        Schedule.warmUp({ epochs: 1, to: Schedule.cosine({ from: 2e-3 * factor, to: 2e-5 * factor, epochs: 29 }) })
      )
    )
} as const

export default Experiment.make("optimizers", {
  description: "Optimisers on one network, each until the loss on validation images no longer improves.",
  parameters: {
    optimizer: Parameter.Choice(["adam", "adamw", "rms-prop", "nesterov", "adagrad", "lion", "chain"], {
      default: "adam",
      description: "the optimiser; chain: clipping, no decay of biases, warm-up and cosine"
    }),
    factor: Parameter.Positive({ default: 1, description: "factor of the usual learning rate" }),
    latent: Parameter.PositiveInt({ default: 10, description: "latent dimensions" }),
    hidden: Parameter.Widths({ default: [256], description: "units of the encoder's hidden layers" }),
    patience: Parameter.PositiveInt({ default: 3, description: "epochs without an improvement" }),
    epochs: Parameter.PositiveInt({ default: 30, description: "maximum number of passes over the training images" }),
    batch: Parameter.PositiveInt({ default: 128, description: "images per training step" })
  },
  run: ({ batch, epochs, factor, hidden, latent, optimizer, patience }) => ({
    dataset: ValidationSplit.layer(Mnist.layer(), { fraction: 0.1 }),
    model: DenseVae.layer({ hidden, latent }),
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({
      epochs,
      batchSize: batch,
      optimizer: optimizers[optimizer](factor),
      stopping: Training.earlyStopping({ metric: "validation/loss", patience })
    }),
    evaluation: Evaluation.layer(ElboTerms(), Curves(), Reconstructions())
  })
}).pipe(Experiment.grid({ optimizer: ["adam", "adamw", "rms-prop", "nesterov", "adagrad", "lion", "chain"] }))
