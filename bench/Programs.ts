/**
 * The measured training steps, as programs of this project. The workers of the other libraries have the same
 * networks and losses under the same names.
 */
import { Effect, Layer, type Scope } from "effect"
import { Dataset, type DatasetPlatform, type ImageShape } from "../src/core/Dataset.ts"
import * as Evaluation from "../src/core/Evaluation.ts"
import * as Experiment from "../src/core/Experiment.ts"
import { GaussianLikelihood } from "../src/core/likelihoods/Gaussian.ts"
import type { Model, ModelError } from "../src/core/Model.ts"
import * as DenseVae from "../src/core/models/DenseVae.ts"
import * as SequentialVae from "../src/core/models/SequentialVae.ts"
import * as SimpleVae from "../src/core/models/SimpleVae.ts"
import type { Objective, ObjectiveError } from "../src/core/Objective.ts"
import * as BetaElbo from "../src/core/objectives/BetaElbo.ts"
import * as ImportanceWeighted from "../src/core/objectives/ImportanceWeighted.ts"
import * as CompositeLoss from "../src/core/objectives/CompositeLoss.ts"
import { Adam } from "../src/core/optimizers/Adam.ts"
import { FixedDeviationGaussian } from "../src/core/posteriors/FixedDeviationGaussian.ts"
import { LatentL2Penalty } from "../src/core/terms/LatentL2Penalty.ts"
import { HalfSquaredError } from "../src/core/terms/SquaredError.ts"
import { sizeOf } from "../src/core/Tensors.ts"
import * as Training from "../src/core/Training.ts"
import { type PlannedRun, plan } from "../src/pipelines/plan/Plan.ts"
import type { Product } from "./Protocol.ts"

export const shape: ImageShape = { height: 28, width: 28, channels: 1 }

/** Seed of initial weights, batches and noise. */
export const seed = 1

/** Numbers of images, those of MNIST. */
export const counts = { train: 60_000, test: 10_000 }

export interface BenchProgram {
  /** Name of its network and loss in the workers. */
  readonly network: "dense" | "convolutional" | "importance-weighted"
  /** Whether it is measured only if it is named. */
  readonly onRequest?: boolean
  /** Title in the table. */
  readonly title: string
  readonly model: Layer.Layer<Model, ModelError>
  readonly objective: Layer.Layer<Objective, ObjectiveError>
  readonly batch: number
  /** Adam's learning rate. */
  readonly learningRate: number
  /** Number of steps after which the losses must agree. */
  readonly agreementSteps: number
  /** Steps per round, and seconds after which no new step starts. */
  readonly round: { readonly steps: number; readonly seconds: number }
  /** Number of positions at which each convolution's kernel is applied; default: no convolutions. */
  readonly positions?: Readonly<Record<string, number>>
}

const convolutional: BenchProgram = {
  network: "convolutional",
  title: "SimpleVAE's convolutional network for digits, batch 1000",
  model: SequentialVae.layer({
    ...SimpleVae.digits,
    latent: 2,
    posterior: FixedDeviationGaussian({ deviation: 0.5 }),
    likelihood: GaussianLikelihood({ deviation: 1, output: "sigmoid" })
  }),
  objective: CompositeLoss.layer(HalfSquaredError(), LatentL2Penalty()),
  batch: 1000,
  learningRate: 1e-3,
  agreementSteps: 10,
  round: { steps: 3, seconds: 6 },
  positions: {
    "encoder/convolution1": 28 * 28,
    "encoder/convolution2": 28 * 28,
    "encoder/convolution3": 14 * 14,
    "encoder/convolution4": 14 * 14,
    "decoder/transposedConvolution1": 14 * 14,
    "decoder/transposedConvolution2": 14 * 14,
    "decoder/transposedConvolution3": 28 * 28,
    "decoder/transposedConvolution4": 28 * 28,
    "decoder/transposedConvolution5": 28 * 28
  }
}

export const programs: Readonly<Record<string, BenchProgram>> = {
  dense: {
    network: "dense",
    title: "VAE 784-512-256-2-256-512-784, batch 128",
    model: DenseVae.layer({ hidden: [512, 256], latent: 2 }),
    objective: BetaElbo.layer({ beta: 1 }),
    batch: 128,
    learningRate: 1e-3,
    agreementSteps: 100,
    round: { steps: 50, seconds: 4 }
  },
  convolutional,
  "convolutional-128": {
    ...convolutional,
    onRequest: true,
    title: "SimpleVAE's convolutional network for digits, batch 128",
    batch: 128,
    round: { steps: 15, seconds: 6 }
  },
  "importance-weighted": {
    network: "importance-weighted",
    title: "importance-weighted bound, k = 5, 784-200-200-50 tanh, batch 20",
    model: DenseVae.layer({ hidden: [200, 200], latent: 50, activation: "tanh" }),
    objective: ImportanceWeighted.layer({ samples: 5 }),
    batch: 20,
    // The smallest learning rate of Burda et al. 2015. At 1e-3 a rounding error grows to a difference of 2 % in the
    // loss
    // after 100 steps, also in double precision.
    learningRate: 1e-4,
    agreementSteps: 100,
    round: { steps: 200, seconds: 4 }
  }
}

/** The dataset of the run; its images are passed separately. */
const digits = Dataset.of({
  spec: { _tag: "BenchDigits" },
  name: "digits",
  shape,
  peek: Effect.succeed({ source: "built in", location: "memory", digest: "" }),
  locate: Effect.succeed({ source: "built in", location: "memory", digest: "" }),
  load: () => Effect.die("the bench passes the images itself")
})

/** The run that trains this program for one epoch. */
export const planned = (
  name: string,
  { batch, learningRate, model, objective }: BenchProgram
): Effect.Effect<PlannedRun, unknown, DatasetPlatform | Scope.Scope> =>
  Effect.map(
    plan(
      Experiment.make(name, {
        description: "Measured only.",
        parameters: {},
        run: () => ({
          dataset: Layer.succeed(Dataset, digits),
          model,
          objective,
          training: Training.layer({ epochs: 1, batchSize: batch, optimizer: Adam({ learningRate }) }),
          evaluation: Evaluation.layer()
        })
      }).pipe(Experiment.seeds(seed)),
      ({ locate }) => locate
    ),
    (runs) => runs[0]!
  )

/**
 * The matrix products of a step: for each kernel the forward product, the kernel's gradient and, except for the first,
 * the input's gradient. A convolution counts as the product of its image patches and its kernel.
 */
export const productsOf = (
  { batch, positions = {} }: BenchProgram,
  { autoencoder, objective }: { readonly autoencoder: { readonly parameters: Kernels }; readonly objective: Draws }
): ReadonlyArray<Product> =>
  Object.entries(autoencoder.parameters)
    .filter(([name]) => name.endsWith("/kernel"))
    .flatMap(([name, { shape }], index) => {
      const layer = name.slice(0, -"/kernel".length)
      const draws = layer.startsWith("decoder") ? (objective.draws ?? 1) : 1
      const rows = batch * draws * (positions[layer] ?? 1)
      const columns = shape.at(-1)!
      const inner = sizeOf(shape) / columns
      const forward = { rows, inner, columns, transposeLeft: false, transposeRight: false }
      const byKernel = { rows: inner, inner: rows, columns, transposeLeft: true, transposeRight: false }
      const byInput = { rows, inner: columns, columns: inner, transposeLeft: false, transposeRight: true }
      return index === 0 ? [forward, byKernel] : [forward, byKernel, byInput]
    })

type Kernels = Readonly<Record<string, { readonly shape: ReadonlyArray<number> }>>
interface Draws {
  readonly draws?: number
}

/** Number of multiplications and additions of the products. */
export const operationsOf = (products: ReadonlyArray<Product>): number =>
  products.reduce((sum, { columns, inner, rows }) => sum + 2 * rows * inner * columns, 0)
