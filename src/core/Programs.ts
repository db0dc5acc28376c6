/**
 * The programs of a run: pure functions of parameters, a dataset's bytes, indices and noise.
 *
 * Laws: a batch is gathered and scaled inside the program; every example's terms depend on that example alone, so that
 * examples can be evaluated in chunks of any size.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { ImageShape } from "./Dataset.ts"
import type { Program, Signature } from "./Engine.ts"
import type { Autoencoder, ModelContext } from "./Model.ts"
import type { NoiseTypes } from "./Noise.ts"
import type { Objective, Terms } from "./Objective.ts"
import type { Optimizer } from "./Optimizer.ts"
import { type HostTensors, prefixed, sizeOf, type Tensors, type TensorTypes, under } from "./Tensors.ts"
import { uniform } from "./Random.ts"

/** A program with the types it is compiled for. */
export interface TypedProgram {
  readonly program: Program
  readonly signature: Signature
}

/** What a program is made from. */
export interface Ingredients {
  readonly autoencoder: Autoencoder
  readonly latent: number
  readonly shape: ImageShape
}

const parameterTypes = (autoencoder: Autoencoder): TensorTypes =>
  Object.fromEntries(
    Object.entries(autoencoder.parameters).map(([name, { shape }]) => [name, { shape, dtype: "float32" as const }])
  )

const imagesType = ({ height, width, channels }: ImageShape, count: number): TensorTypes => ({
  images: { shape: [count, height, width, channels], dtype: "uint8" }
})

/** Images, and labels where the model takes them. */
const examplesType = ({ autoencoder, shape }: Ingredients, count: number): TensorTypes => ({
  ...imagesType(shape, count),
  ...(autoencoder.classes !== undefined && { labels: { shape: [count], dtype: "uint8" } })
})

const labelsType = ({ autoencoder }: Ingredients, batch: number): TensorTypes =>
  autoencoder.classes === undefined ? {} : { labels: { shape: [batch], dtype: "int32" } }

const indicesType = (batch: number): TensorTypes => ({ indices: { shape: [batch], dtype: "int32" } })

const noiseTypes = (noise: NoiseTypes, batch: number): TensorTypes =>
  prefixed(
    "noise/",
    Object.fromEntries(
      Object.entries(noise).map(([name, { shape }]) => [name, { shape: [batch, ...shape], dtype: "float32" as const }])
    )
  )

/** Noise that training asks for at every step: the posterior's and the networks' own. */
export const trainingNoise = ({ autoencoder, latent }: Ingredients): NoiseTypes => ({
  ...autoencoder.noise,
  posterior: { distribution: "normal", shape: [latent] }
})

/** The images at `indices`, scaled from bytes to [0, 1]: `[batch, height, width, channels]`. */
const gather = (data: Tensors, inputs: Tensors): tf.Tensor4D =>
  tf.mul(tf.cast(tf.gather(data["images"]!, inputs["indices"]!), "float32"), 1 / 255)

/** The labels at `indices` where the model takes them, `[batch]`. */
const gatherLabels = ({ autoencoder }: Ingredients, data: Tensors, inputs: Tensors): ModelContext =>
  autoencoder.classes === undefined ? {} : { labels: tf.gather(data["labels"]!, inputs["indices"]!) as tf.Tensor1D }

const termsOf = (
  { autoencoder }: Ingredients,
  objective: Objective["Service"],
  parameters: Tensors,
  images: tf.Tensor4D,
  posteriorNoise: tf.Tensor2D,
  context: ModelContext
): Terms =>
  objective.terms({
    images,
    posterior: autoencoder.encode(parameters, images, context),
    noise: posteriorNoise,
    decode: (codes) => autoencoder.decode(parameters, codes, context)
  })

/**
 * The terms of a batch, and the gradients of their mean loss by parameter; 0 for a parameter without a part in the loss.
 */
const withGradients = (
  parameters: Tensors,
  terms: () => Terms,
  batch: number
): { readonly terms: Tensors; readonly gradients: Tensors } => {
  let kept: Tensors = {}
  // The tape disposes what the function made; only its value would survive.
  const loss = (): tf.Tensor1D => {
    const found = terms()
    kept = Record.map(found as Tensors, (term) => tf.keep(term))
    return found.loss
  }
  // The loss's own gradient is that of the mean over examples: 1 / batch for each.
  const weights = tf.mul(tf.ones([batch]), 1 / batch)
  const { grads } = tf.engine().gradients(loss, Object.values(parameters), weights, true)
  const survivors = Record.map(kept, (term) => tf.clone(term))
  tf.dispose(Object.values(kept))
  return {
    terms: survivors,
    gradients: Object.fromEntries(
      Object.entries(parameters).map(([name, parameter], index) => [name, grads[index] ?? tf.zerosLike(parameter)])
    )
  }
}

/**
 * One step of training: the gradient of the batch's mean loss, and the optimiser's update.
 *
 * State `parameters/...` and `optimizer/...`; data `images` `[examples, height, width, channels]`, and `labels`
 * `[examples]` where the model takes them; inputs `indices`
 * `[batch]`, `step` (scalar, 1 at the first), `noise/...` `[batch, ...]`; outputs the objective's terms, `[batch]` each.
 */
export const trainStep = (
  ingredients: Ingredients & { readonly objective: Objective["Service"]; readonly optimizer: Optimizer },
  sizes: { readonly examples: number; readonly batch: number }
): TypedProgram => {
  const { autoencoder, objective, optimizer } = ingredients
  const types = parameterTypes(autoencoder)
  return {
    program: {
      name: "train step",
      run: ({ state, data, inputs }) => {
        const parameters = under("parameters/", state)
        const noise = under("noise/", inputs)
        const images = gather(data, inputs)
        const context = { ...gatherLabels(ingredients, data, inputs), noise }
        const { terms, gradients } = withGradients(
          parameters,
          () => termsOf(ingredients, objective, parameters, images, noise["posterior"] as tf.Tensor2D, context),
          images.shape[0]
        )
        const update = optimizer.update({
          parameters,
          gradients,
          state: under("optimizer/", state),
          step: inputs["step"] as tf.Scalar
        })
        return {
          state: { ...prefixed("parameters/", update.parameters), ...prefixed("optimizer/", update.state) },
          outputs: terms
        }
      }
    },
    signature: {
      state: { ...prefixed("parameters/", types), ...prefixed("optimizer/", optimizer.state(types)) },
      data: examplesType(ingredients, sizes.examples),
      inputs: {
        ...indicesType(sizes.batch),
        step: { shape: [], dtype: "float32" },
        ...noiseTypes(trainingNoise(ingredients), sizes.batch)
      }
    }
  }
}

/** The objective's terms `[batch]` without an update, with one code an example drawn by `noise/posterior`. */
export const evaluateTerms = (
  ingredients: Ingredients & { readonly objective: Objective["Service"] },
  sizes: { readonly examples: number; readonly batch: number }
): TypedProgram => ({
  program: {
    name: "evaluate terms",
    run: ({ state, data, inputs }) => ({
      outputs: {
        ...termsOf(
          ingredients,
          ingredients.objective,
          under("parameters/", state),
          gather(data, inputs),
          inputs["noise/posterior"] as tf.Tensor2D,
          gatherLabels(ingredients, data, inputs)
        )
      }
    })
  },
  signature: {
    state: prefixed("parameters/", parameterTypes(ingredients.autoencoder)),
    data: examplesType(ingredients, sizes.examples),
    inputs: {
      ...indicesType(sizes.batch),
      "noise/posterior": { shape: [sizes.batch, ingredients.latent], dtype: "float32" }
    }
  }
})

/** `mean` and `deviation` of `q(z | x)`, `[batch, latent]` each, for the images at `indices`. */
export const encode = (
  ingredients: Ingredients,
  sizes: { readonly examples: number; readonly batch: number }
): TypedProgram => ({
  program: {
    name: "encode",
    run: ({ state, data, inputs }) => {
      const { mean, deviation } = ingredients.autoencoder.encode(
        under("parameters/", state),
        gather(data, inputs),
        gatherLabels(ingredients, data, inputs)
      )
      return { outputs: { mean, deviation } }
    }
  },
  signature: {
    state: prefixed("parameters/", parameterTypes(ingredients.autoencoder)),
    data: examplesType(ingredients, sizes.examples),
    inputs: indicesType(sizes.batch)
  }
})

/** A batch's labels among the inputs, where the model takes them. */
const givenLabels = (inputs: Tensors): ModelContext => ({ labels: inputs["labels"] as tf.Tensor1D | undefined })

/**
 * `mean` and `deviation` of `q(z | x)`, `[batch, latent]` each, for any `images` `[batch, height, width, channels]` in
 * [0, 1], and `labels` `[batch]` where the model takes them.
 */
export const encodeImages = (ingredients: Ingredients, sizes: { readonly batch: number }): TypedProgram => {
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
        ...labelsType(ingredients, sizes.batch)
      }
    }
  }
}

/**
 * `images` `[batch, height, width, channels]`: the means of `p(x | z)` for `codes` `[batch, latent]`, and `labels`
 * `[batch]` where the model takes them.
 */
export const decode = (ingredients: Ingredients, sizes: { readonly batch: number }): TypedProgram => {
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
        ...labelsType(ingredients, sizes.batch)
      }
    }
  }
}

/** First values of parameters and optimiser state; each parameter has its own stream of random numbers. */
export const initialState = (autoencoder: Autoencoder, optimizer: Optimizer, seed: number): HostTensors => {
  const parameters = Object.fromEntries(
    Object.entries(autoencoder.parameters).map(([name, { shape, initializer }]) => {
      const values = initializer.draw(shape, (count) => uniform({ seed, stream: `initial/${name}`, step: 0 }, count))
      return [name, { shape, dtype: "float32" as const, values }]
    })
  )
  const slots = Object.fromEntries(
    Object.entries(optimizer.state(parameters)).map(([name, { shape }]) => [
      name,
      { shape, dtype: "float32" as const, values: new Float32Array(sizeOf(shape)) }
    ])
  )
  return { ...prefixed("parameters/", parameters), ...prefixed("optimizer/", slots) }
}
