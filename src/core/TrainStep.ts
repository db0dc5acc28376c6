/**
 * The training step as a program: terms, their gradients by TensorFlow.js's own tape, and the optimiser's update.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Autoencoder } from "./Model.ts"
import type { NoiseTypes } from "./Noise.ts"
import type { Objective, Terms } from "./Objective.ts"
import type { Optimizer } from "./Optimizer.ts"
import {
  examplesType,
  gather,
  gatherLabels,
  indicesType,
  type ModelComponents,
  parameterTypes,
  noiseTypes,
  objectiveNoise,
  type Sizes,
  stepType,
  objectiveTerms,
  timeOf,
  type TypedProgram
} from "./Programs.ts"
import { draw, uniform } from "./Random.ts"
import { float32, type HostTensors, int32, prefixed, sizeOf, type Tensors, under } from "./Tensors.ts"

/** Noise that training asks for at every step: the posterior's and the networks' own. */
export const trainingNoise = ({
  autoencoder,
  latent,
  objective
}: ModelComponents & { readonly objective: Objective["Service"] }): NoiseTypes => ({
  ...autoencoder.noise,
  ...objectiveNoise(objective, latent)
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
  ingredients: ModelComponents & { readonly objective: Objective["Service"]; readonly optimizer: Optimizer },
  sizes: Sizes
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
        const time = timeOf(inputs, sizes)
        const context = { ...gatherLabels(ingredients, data, inputs), noise }
        const { terms, gradients } = withGradients(
          parameters,
          () => objectiveTerms(ingredients, objective, parameters, images, noise, sizes.examples, time, context),
          images.shape[0]
        )
        const update = optimizer.update({
          parameters,
          gradients,
          state: under("optimizer/", state),
          ...time
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
        ...stepType,
        ...noiseTypes(trainingNoise(ingredients), sizes.batch)
      }
    }
  }
}

/**
 * The inputs of the step after `step` others, for the examples at `indices`: noise of a step is keyed by the seed, its
 * name and the step's number.
 */
export const stepInputs = (
  ingredients: ModelComponents & { readonly objective: Objective["Service"] },
  seed: number
): ((step: number, indices: Int32Array) => HostTensors) => {
  const noise = Object.entries(trainingNoise(ingredients))
  return (step, indices) => ({
    indices: int32([indices.length], indices),
    step: float32([], Float32Array.of(step + 1)),
    ...Object.fromEntries(
      noise.map(([name, type]) => [
        `noise/${name}`,
        draw(type, { seed, stream: `noise/${name}`, step }, indices.length)
      ])
    )
  })
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
