/**
 * The programs of a trained model, and what they share with the training step: pure functions of parameters, a dataset's
 * bytes, indices and noise.
 *
 * Laws: a batch is gathered and scaled inside the program; every example's terms depend on that example alone, so that
 * examples can be evaluated in chunks of any size.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { ImageShape } from "./Dataset.ts"
import { drawCodes } from "./Divergence.ts"
import { importanceWeights } from "./ImportanceWeights.ts"
import type { Program, Signature } from "./Engine.ts"
import { type Autoencoder, labelClasses, type ModelContext } from "./Model.ts"
import type { NoiseType, NoiseTypes } from "./Noise.ts"
import type { Objective, Terms } from "./Objective.ts"
import type { PosteriorDistribution } from "./Posterior.ts"
import type { Schedule, Time } from "./Schedule.ts"
import { prefixed, type Tensors, type TensorTypes, under } from "./Tensors.ts"

/** A program with the types it is compiled for. */
export interface TypedProgram {
  readonly program: Program
  readonly signature: Signature
}

/** What a program is made from. */
export interface ModelComponents {
  readonly autoencoder: Autoencoder
  readonly latent: number
  readonly shape: ImageShape
}

/** How large a program over a training's examples is. */
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

/** Images, and labels where the model takes them. */
export const examplesType = ({ autoencoder, shape }: ModelComponents, count: number): TensorTypes => ({
  ...imagesType(shape, count),
  ...(labelClasses(autoencoder) !== undefined && { labels: { shape: [count], dtype: "uint8" } })
})

const labelsType = (classes: number | undefined, batch: number): TensorTypes =>
  classes === undefined ? {} : { labels: { shape: [batch], dtype: "int32" } }

/** Which examples a call is about. */
export const indicesType = (batch: number): TensorTypes => ({ indices: { shape: [batch], dtype: "int32" } })

/** Number of the optimiser step, 1 for the first. */
export const stepType: TensorTypes = { step: { shape: [], dtype: "float32" } }

/** Where training stands at the step that a program is given. */
export const timeOf = (inputs: Tensors, { stepsPerEpoch }: Pick<Sizes, "stepsPerEpoch">): Time => ({
  step: inputs["step"] as tf.Scalar,
  stepsPerEpoch
})

/** The images at `indices`, scaled from bytes to [0, 1]: `[batch, height, width, channels]`. */
export const gather = (data: Tensors, inputs: Tensors): tf.Tensor4D =>
  tf.mul(tf.cast(tf.gather(data["images"]!, inputs["indices"]!), "float32"), 1 / 255)

/** The labels at `indices` where the model takes them, `[batch]`. */
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

/** What a batch's codes are drawn with, for one example: an objective's draws one after the other. */
export const posteriorNoise = ({ draws = 1 }: Objective["Service"], latent: number): NoiseType => ({
  distribution: "normal",
  shape: [draws * latent]
})

/** All noise that an objective asks for, by name: the posterior's, and the prior's where it draws from it. */
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

/** The same context for each of the draws: `[draws * batch, ...]`. */
const forDraws = ({ labels, noise, time }: ModelContext, draws: number): ModelContext => {
  const repeated = <T extends tf.Tensor>(tensor: T): T => tf.tile(tensor, [draws, ...tensor.shape.slice(1).fill(1)])
  return { labels: labels && repeated(labels), noise: noise && Record.map(noise, repeated), time }
}

/** The objective's terms of a batch of `examples`, and the posterior's own, `[batch]` each, for the noise that it asks for, `[batch, ...]` each. */
export const objectiveTerms = (
  { autoencoder }: ModelComponents,
  objective: Objective["Service"],
  parameters: Tensors,
  images: tf.Tensor4D,
  noise: Tensors,
  examples: number,
  time: Time,
  context: ModelContext
): Terms => {
  const posterior = autoencoder.encode(parameters, images, context)
  const terms = objective.terms({
    images,
    posterior,
    prior: autoencoder.prior(parameters, context),
    priorCodes: () =>
      autoencoder
        .prior(parameters, context)
        .sample({ normal: noise["prior"] as tf.Tensor2D, uniform: noise["prior-component"] as tf.Tensor1D }),
    noise: flattenDraws(noise["posterior"] as tf.Tensor2D, objective.draws ?? 1),
    examples,
    time,
    own: { parameters: under("objective/", parameters), noise: under("objective/", noise) },
    decode: (codes) => {
      const draws = codes.shape[0] / images.shape[0]
      return autoencoder.decode(parameters, codes, draws === 1 ? context : forDraws(context, draws))
    }
  })
  const auxiliary = posterior.auxiliary?.()
  return auxiliary === undefined ? terms : { ...terms, ...auxiliary.terms, loss: tf.add(terms.loss, auxiliary.loss) }
}

/**
 * `logWeights` `[draws]`: logarithms of the importance weights of codes drawn for the image at `indices` `[1]` with noise
 * `[draws, latent]`. No output where codes have no density.
 */
export const logWeights = (
  ingredients: ModelComponents,
  sizes: { readonly examples: number; readonly draws: number }
): TypedProgram => {
  const { autoencoder, latent } = ingredients
  return {
    program: {
      name: "log weights",
      run: ({ state, data, inputs }) => {
        const parameters = under("parameters/", state)
        const images = gather(data, inputs)
        const context = gatherLabels(ingredients, data, inputs)
        const weights = importanceWeights(
          {
            images,
            prior: autoencoder.prior(parameters),
            decode: (codes) => autoencoder.decode(parameters, codes, forDraws(context, sizes.draws))
          },
          drawCodes(autoencoder.encode(parameters, images, context), inputs["noise"] as tf.Tensor2D)
        )
        return { outputs: weights === undefined ? {} : { logWeights: weights.logWeights } }
      }
    },
    signature: {
      state: prefixed("parameters/", parameterTypes(autoencoder)),
      data: examplesType(ingredients, sizes.examples),
      inputs: { ...indicesType(1), noise: { shape: [sizes.draws, latent], dtype: "float32" } }
    }
  }
}

/** The objective's terms `[batch]` at a step, without an update, with codes drawn by `noise/posterior`. */
export const evaluateTerms = (
  ingredients: ModelComponents & { readonly objective: Objective["Service"] },
  sizes: Sizes
): TypedProgram => ({
  program: {
    name: "evaluate terms",
    run: ({ state, data, inputs }) => ({
      outputs: {
        ...objectiveTerms(
          ingredients,
          ingredients.objective,
          under("parameters/", state),
          gather(data, inputs),
          under("noise/", inputs),
          sizes.examples,
          timeOf(inputs, sizes),
          gatherLabels(ingredients, data, inputs)
        )
      }
    })
  },
  signature: {
    state: prefixed("parameters/", parameterTypes({ parameters: trainedParameters(ingredients) })),
    data: examplesType(ingredients, sizes.examples),
    inputs: {
      ...indicesType(sizes.batch),
      ...stepType,
      ...noiseTypes(objectiveNoise(ingredients.objective, ingredients.latent), sizes.batch)
    }
  }
})

/** The values of schedules at a step, scalars by their names. */
export const scheduleValues = (
  schedules: Readonly<Record<string, Schedule>>,
  sizes: Pick<Sizes, "stepsPerEpoch">
): TypedProgram => ({
  program: {
    name: "schedule values",
    run: ({ inputs }) => ({ outputs: Record.map(schedules, ({ at }) => at(timeOf(inputs, sizes))) })
  },
  signature: { state: {}, data: {}, inputs: stepType }
})

/** What a posterior says of an example: `mean` and `deviation`, and `choices` where codes are discrete. */
const codesOf = ({ choices, deviation, mean }: PosteriorDistribution): Tensors => ({
  mean,
  deviation,
  ...(choices !== undefined && { choices: choices.mostProbable() })
})

/**
 * `mean` and `deviation` of `q(z | x)`, `[batch, latent]` each, for the images at `indices`; where codes are discrete, also
 * the most probable `choices`, `[batch, variables]`.
 */
export const encode = (
  ingredients: ModelComponents,
  sizes: { readonly examples: number; readonly batch: number }
): TypedProgram => ({
  program: {
    name: "encode",
    run: ({ state, data, inputs }) => ({
      outputs: codesOf(
        ingredients.autoencoder.encode(
          under("parameters/", state),
          gather(data, inputs),
          gatherLabels(ingredients, data, inputs)
        )
      )
    })
  },
  signature: {
    state: prefixed("parameters/", parameterTypes(ingredients.autoencoder)),
    data: examplesType(ingredients, sizes.examples),
    inputs: indicesType(sizes.batch)
  }
})

/** `codes` `[batch, latent]` of `p(z)` for noise `normal` `[batch, latent]` and `uniform` `[batch]`. */
export const samplePrior = (
  { autoencoder, latent }: ModelComponents,
  sizes: { readonly batch: number }
): TypedProgram => ({
  program: {
    name: "sample prior",
    run: ({ state, inputs }) => ({
      outputs: {
        codes: autoencoder.prior(under("parameters/", state)).sample({
          normal: inputs["normal"] as tf.Tensor2D,
          uniform: inputs["uniform"] as tf.Tensor1D
        })
      }
    })
  },
  signature: {
    state: prefixed("parameters/", parameterTypes(autoencoder)),
    data: {},
    inputs: {
      normal: { shape: [sizes.batch, latent], dtype: "float32" },
      uniform: { shape: [sizes.batch], dtype: "float32" }
    }
  }
})

/** A batch's labels among the inputs, where the model takes them. */
const givenLabels = (inputs: Tensors): ModelContext => ({ labels: inputs["labels"] as tf.Tensor1D | undefined })

/**
 * `mean` and `deviation` of `q(z | x)`, `[batch, latent]` each, for any `images` `[batch, height, width, channels]` in
 * [0, 1], and `labels` `[batch]` where the model takes them.
 */
export const encodeImages = (ingredients: ModelComponents, sizes: { readonly batch: number }): TypedProgram => {
  const { autoencoder, shape } = ingredients
  return {
    program: {
      name: "encode images",
      run: ({ state, inputs }) => {
        const images = inputs["images"] as tf.Tensor4D
        const { mean, deviation } = autoencoder.encode(under("parameters/", state), images, givenLabels(inputs))
        return { outputs: { mean, deviation } }
      }
    },
    signature: {
      state: prefixed("parameters/", parameterTypes(autoencoder)),
      data: {},
      inputs: {
        images: { shape: [sizes.batch, shape.height, shape.width, shape.channels], dtype: "float32" },
        ...labelsType(labelClasses(autoencoder), sizes.batch)
      }
    }
  }
}

/**
 * `images` `[batch, height, width, channels]`: the means of `p(x | z)` for `codes` `[batch, latent]`, and `labels`
 * `[batch]` where the decoder takes them.
 */
export const decode = (ingredients: ModelComponents, sizes: { readonly batch: number }): TypedProgram => {
  const { autoencoder, latent } = ingredients
  return {
    program: {
      name: "decode",
      run: ({ state, inputs }) => {
        const codes = inputs["codes"] as tf.Tensor2D
        return { outputs: { images: autoencoder.decode(under("parameters/", state), codes, givenLabels(inputs)).mean } }
      }
    },
    signature: {
      state: prefixed("parameters/", parameterTypes(autoencoder)),
      data: {},
      inputs: {
        codes: { shape: [sizes.batch, latent], dtype: "float32" },
        ...labelsType(autoencoder.classes, sizes.batch)
      }
    }
  }
}
