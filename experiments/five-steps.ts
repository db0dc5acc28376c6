import {
  activation,
  Adam,
  BetaElbo,
  LookupCodes,
  convolution,
  Curves,
  dense,
  Deterministic,
  ElboTerms,
  Evaluation,
  ImageInstances,
  Experiment,
  flatten,
  GaussianLikelihood,
  Interpolation,
  KlDivergence,
  LatentScatter,
  LogVarianceGaussian,
  Manifold,
  MeanSquaredError,
  Mnist,
  Parameter,
  ReconstructionError,
  Reconstructions,
  reshape,
  SampleQuality,
  Samples,
  SequentialVae,
  CompositeLoss,
  Training,
  transposedConvolution
} from "effect-vae"

const elu = activation("elu")

const encoder = [convolution(8, { stride: 2 }), elu, convolution(16, { stride: 2 }), elu, flatten(), dense(128), elu]

// The decoder of every step: from a code of any width to an image of 28x28.
const decoder = [
  dense(128),
  elu,
  dense(7 * 7 * 16),
  elu,
  reshape([7, 7, 16]),
  transposedConvolution(16, { stride: 2 }),
  elu,
  transposedConvolution(8, { stride: 2 }),
  elu,
  transposedConvolution(1)
]

// -log p(x | z) is the squared error summed over the pixels, and a constant: 784 ½ log π = 448.75 nats.
const likelihood = GaussianLikelihood({ deviation: Math.SQRT1_2, output: "sigmoid" })

const generationLoss = CompositeLoss.layer(MeanSquaredError())

const always = [ElboTerms(), ReconstructionError(), Curves(), Reconstructions(), Samples({ count: 25 })] as const
const between = Interpolation({ lines: 5 })
const plane = [LatentScatter(), Evaluation.optional(Manifold())] as const

/** Steps 1 to 3: fixed codes, only the decoder is trained. An epoch has 6,000 images, repeated if there are fewer. */
const memorised = (count: number, codes: LookupCodes.CodeTable) => ({
  dataset: ImageInstances.layer(Mnist.layer(), { count, repeat: 6000 / count }),
  model: LookupCodes.layer({ codes, decoder, likelihood }),
  objective: generationLoss,
  batchSize: 10
})

/** Steps 4 and 5: the encoder's codes. */
const learned = {
  dataset: Mnist.layer(),
  evaluation: Evaluation.layer(...always, between, ...plane, SampleQuality()),
  batchSize: 128
}
const autoencoder = (latent: number) =>
  SequentialVae.layer({ encoder, decoder, latent, likelihood, posterior: Deterministic() })
const vae = (latent: number) =>
  SequentialVae.layer({ encoder, decoder, latent, likelihood, posterior: LogVarianceGaussian() })

const steps = {
  "1-memorise-one": () => ({ ...memorised(1, LookupCodes.ones(10)), evaluation: Evaluation.layer(...always) }),
  "2-memorise-one-hot": () => ({
    ...memorised(10, LookupCodes.oneHot()),
    evaluation: Evaluation.layer(...always, between)
  }),
  "3-memorise-real-codes": (latent: number) => ({
    ...memorised(10, LookupCodes.normal(latent)),
    evaluation: Evaluation.layer(...always, between, ...plane)
  }),
  "4-autoencoder": (latent: number) => ({ ...learned, model: autoencoder(latent), objective: generationLoss }),
  // A mean over 784 pixels plus a sum over the latent dimensions: the divergence dominates.
  "5-vae-as-written": (latent: number) => ({
    ...learned,
    model: vae(latent),
    objective: CompositeLoss.layer(MeanSquaredError(), KlDivergence())
  }),
  // The same with the error summed over the pixels.
  "5-vae-elbo": (latent: number) => ({ ...learned, model: vae(latent), objective: BetaElbo.layer({ beta: 1 }) })
}

export default Experiment.make("five-steps", {
  description:
    "From a decoder that memorises one image to the VAE in five steps, each of which fixes the previous one.",
  parameters: {
    step: Parameter.Choice(
      [
        "1-memorise-one",
        "2-memorise-one-hot",
        "3-memorise-real-codes",
        "4-autoencoder",
        "5-vae-as-written",
        "5-vae-elbo"
      ],
      {
        default: "5-vae-elbo",
        description:
          "the code: constant, for one image; one-hot or random, for ten; the encoder's; the encoder's with noise"
      }
    ),
    latent: Parameter.PositiveInt({ default: 2, description: "latent dimensions of steps 3 to 5" }),
    epochs: Parameter.PositiveInt({ default: 8, description: "passes over the training images" }),
    learningRate: Parameter.Positive({ default: 1e-3, description: "Adam's step size" })
  },
  run: ({ epochs, latent, learningRate, step }) => {
    const { batchSize, ...layers } = steps[step](latent)
    return { ...layers, training: Training.layer({ epochs, batchSize, optimizer: Adam({ learningRate }) }) }
  }
}).pipe(
  Experiment.grid({
    step: [
      "1-memorise-one",
      "2-memorise-one-hot",
      "3-memorise-real-codes",
      "4-autoencoder",
      "5-vae-as-written",
      "5-vae-elbo"
    ]
  })
)
