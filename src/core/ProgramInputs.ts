/**
 * Inputs of programs: the types of parameters, examples, indices and noise, and how a batch is gathered from the dataset.
 *
 * Law: a batch is gathered and scaled inside the program.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { ImageShape } from "./Dataset.ts"
import type { Program, Signature } from "./Engine.ts"
import { type Autoencoder, labelClasses, type ModelContext } from "./Model.ts"
import type { NoiseType, NoiseTypes } from "./Noise.ts"
import type { Objective } from "./Objective.ts"
import type { Time } from "./Schedule.ts"
import { prefixed, type Tensors, type TensorTypes } from "./Tensors.ts"

/** A program and the signature that it is compiled for. */
export interface TypedProgram {
  readonly program: Program
  readonly signature: Signature
}

/** The model of a program. */
export interface ModelComponents {
  readonly autoencoder: Autoencoder
  readonly latent: number
  readonly shape: ImageShape
}

/** Sizes of a program over a training's examples. */
export interface Sizes {
  readonly examples: number
  readonly batch: number
  readonly stepsPerEpoch: number
}

/** Types of a model's parameters. */
export const parameterTypes = ({ parameters }: Pick<Autoencoder, "parameters">): TensorTypes =>
  Record.map(parameters, ({ shape }) => ({ shape, dtype: "float32" as const }))

/** Everything that training changes by gradients: a model's parameters, and the objective's own as `objective/...`. */
export const trainedParameters = ({
  autoencoder,
  latent,
  objective
}: Pick<ModelComponents, "autoencoder" | "latent"> & {
  readonly objective: Objective["Service"]
}): Autoencoder["parameters"] => ({
  ...autoencoder.parameters,
  ...prefixed("objective/", objective.parameters?.(latent) ?? {})
})

const imagesType = ({ height, width, channels }: ImageShape, count: number): TensorTypes => ({
  images: { shape: [count, height, width, channels], dtype: "uint8" }
})

/** Types of a dataset's images, and of labels for a conditional model. */
export const examplesType = ({ autoencoder, shape }: ModelComponents, count: number): TensorTypes => ({
  ...imagesType(shape, count),
  ...(labelClasses(autoencoder) !== undefined && { labels: { shape: [count], dtype: "uint8" } })
})

/** Type of the indices of a batch. */
export const indicesType = (batch: number): TensorTypes => ({ indices: { shape: [batch], dtype: "int32" } })

/** Number of the optimiser step, 1 for the first. */
export const stepType: TensorTypes = { step: { shape: [], dtype: "float32" } }

/** The time of the step in a program's inputs. */
export const timeOf = (inputs: Tensors, { stepsPerEpoch }: Pick<Sizes, "stepsPerEpoch">): Time => ({
  step: inputs["step"] as tf.Scalar,
  stepsPerEpoch
})

/** The images at `indices`, scaled from bytes to [0, 1]: `[batch, height, width, channels]`. */
export const gather = (data: Tensors, inputs: Tensors): tf.Tensor4D =>
  tf.mul(tf.cast(tf.gather(data["images"]!, inputs["indices"]!), "float32"), 1 / 255)

/** The labels at `indices` for a conditional model, `[batch]`. */
export const gatherLabels = ({ autoencoder }: ModelComponents, data: Tensors, inputs: Tensors): ModelContext =>
  labelClasses(autoencoder) === undefined
    ? {}
    : { labels: tf.gather(data["labels"]!, inputs["indices"]!) as tf.Tensor1D }

/** Types of noise inputs, `noise/NAME` `[batch, ...]` each. */
export const noiseTypes = (noise: NoiseTypes, batch: number): TensorTypes =>
  prefixed(
    "noise/",
    Record.map(noise, ({ shape }) => ({ shape: [batch, ...shape], dtype: "float32" as const }))
  )

/** The noise of one example's codes: an objective's draws, concatenated. */
export const posteriorNoise = ({ draws = 1 }: Objective["Service"], latent: number): NoiseType => ({
  distribution: "normal",
  shape: [draws * latent]
})

/** All noise that an objective requires, by name: the posterior's, the prior's if it draws from it, and its own. */
export const objectiveNoise = (objective: Objective["Service"], latent: number): NoiseTypes => ({
  posterior: posteriorNoise(objective, latent),
  ...(objective.drawsFromPrior === true && {
    prior: { distribution: "normal", shape: [latent] },
    "prior-component": { distribution: "uniform", shape: [] }
  }),
  ...prefixed("objective/", objective.noise?.(latent) ?? {})
})

/** From `[batch, draws * latent]` to `[draws * batch, latent]`. */
export const flattenDraws = (noise: tf.Tensor2D, draws: number): tf.Tensor2D => {
  if (draws === 1) return noise
  const [batch, width] = noise.shape
  const latent = width / draws
  return tf.reshape(tf.transpose(tf.reshape(noise, [batch, draws, latent]), [1, 0, 2]), [draws * batch, latent])
}

/** Repeats a batch's context for each draw: `[draws * batch, ...]`. */
export const forDraws = ({ labels, noise, time }: ModelContext, draws: number): ModelContext => {
  const repeated = <T extends tf.Tensor>(tensor: T): T => tf.tile(tensor, [draws, ...tensor.shape.slice(1).fill(1)])
  return { labels: labels && repeated(labels), noise: noise && Record.map(noise, repeated), time }
}
