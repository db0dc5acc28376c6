/**
 * Programs of a trained model: encoder, decoder and prior.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { labelClasses, type ModelContext } from "./Model.ts"
import type { PosteriorDistribution } from "./Posterior.ts"
import {
  examplesType,
  gather,
  gatherLabels,
  indicesType,
  type ModelComponents,
  parameterTypes,
  type TypedProgram
} from "./ProgramInputs.ts"
import { prefixed, type Tensors, type TensorTypes, under } from "./Tensors.ts"

const labelsType = (classes: number | undefined, batch: number): TensorTypes =>
  classes === undefined ? {} : { labels: { shape: [batch], dtype: "int32" } }

/** The outputs of a posterior: `mean` and `deviation`, and `choices` of discrete codes. */
const codesOf = ({ choices, deviation, mean }: PosteriorDistribution): Tensors => ({
  mean,
  deviation,
  ...(choices !== undefined && { choices: choices.mostProbable() })
})

/**
 * `mean` and `deviation` of `q(z | x)`, `[batch, latent]` each, for the images at `indices`; for discrete codes also the
 * most probable `choices`, `[batch, variables]`.
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

/** A batch's labels among the inputs of a conditional model. */
const givenLabels = (inputs: Tensors): ModelContext => ({ labels: inputs["labels"] as tf.Tensor1D | undefined })

/**
 * `mean` and `deviation` of `q(z | x)`, `[batch, latent]` each, for any `images` `[batch, height, width, channels]` in
 * [0, 1], and `labels` `[batch]` for a conditional encoder.
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
 * `[batch]` for a conditional decoder.
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
