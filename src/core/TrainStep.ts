/**
 * The training step as a program: terms, their gradients by TensorFlow.js's own tape, and the optimiser's update.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { Augmentation, Examples } from "./Dataset.ts"
import type { Arguments, Signature } from "./Engine.ts"
import type { Factor } from "./GradientTransformation.ts"
import type { NoiseTypes } from "./Noise.ts"
import type { Objective, Terms } from "./Objective.ts"
import { averaged } from "./ParameterAverage.ts"
import { partitioned } from "./PartitionedOptimizer.ts"
import { objectiveTerms } from "./ObjectivePrograms.ts"
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
  timeOf,
  trainedParameters,
  type TypedProgram
} from "./ProgramInputs.ts"
import { draw, uniform } from "./Random.ts"
import type { TrainingOptions } from "./Training.ts"
import {
  float32,
  type HostTensor,
  type HostTensors,
  int32,
  prefixed,
  sizeOf,
  type Tensors,
  type TensorTypes,
  under
} from "./Tensors.ts"

/** The components of the computation on a batch. */
export interface StepComponents extends ModelComponents {
  readonly objective: Objective["Service"]
  /** Augmentation of the images; default: none. */
  readonly augmentation?: Augmentation | undefined
}

/** The noise of every training step: the posterior's, the networks' and the augmentation's. */
export const trainingNoise = ({ augmentation, autoencoder, latent, objective }: StepComponents): NoiseTypes => ({
  ...autoencoder.noise,
  ...prefixed("augmentation/", augmentation?.noise ?? {}),
  ...objectiveNoise(objective, latent)
})

/**
 * The terms of a batch, and the gradients of their weighted sum by parameter; 0 for a parameter without a part in the
 * loss. `weight` is that of each example: 1 / examples for the mean.
 */
const withGradients = (
  parameters: Tensors,
  terms: () => Terms,
  batch: number,
  weight: Factor
): { readonly terms: Tensors; readonly gradients: Tensors } => {
  let kept: Tensors = {}
  // The tape disposes everything except the function's value.
  const loss = (): tf.Tensor1D => {
    const found = terms()
    kept = Record.map(found as Tensors, (term) => tf.keep(term))
    return found.loss
  }
  const weights = tf.mul(tf.ones([batch]), weight)
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

/** The components of a training step. */
export type StepIngredients = StepComponents & UpdateOptions

/** The training settings that affect its state. */
export type UpdateOptions = Pick<TrainingOptions, "accumulate" | "average" | "optimizer">

/** The settings of a training that affect its steps. */
export const updateOptions = ({ accumulate, average, optimizer }: TrainingOptions): UpdateOptions => ({
  optimizer,
  ...(accumulate !== undefined && { accumulate }),
  ...(average !== undefined && { average })
})

/** Types of everything that a step changes: parameters, the optimisers' state, accumulated gradients, the average. */
const stateTypes = (ingredients: StepIngredients): TensorTypes => {
  const { accumulate = 1, average, optimizer } = ingredients
  const trained = trainedParameters(ingredients)
  const parameters = parameterTypes({ parameters: trained })
  return {
    ...prefixed("parameters/", parameters),
    ...prefixed("optimizer/", partitioned(optimizer, trained).state(parameters)),
    ...(accumulate > 1 && prefixed("accumulated/", parameters)),
    ...(average !== undefined && prefixed("average/", parameters))
  }
}

/** Terms and gradients of a micro-batch, plus the gradients accumulated from the previous ones. */
const gradientsOf = (ingredients: StepIngredients, sizes: Sizes, { state, data, inputs }: Arguments) => {
  const { objective } = ingredients
  const parameters = under("parameters/", state)
  const noise = under("noise/", inputs)
  const gathered = gather(data, inputs)
  const images = ingredients.augmentation?.apply(gathered, under("augmentation/", noise)) ?? gathered
  const time = timeOf(inputs, sizes)
  const context = { ...gatherLabels(ingredients, data, inputs), noise, time }
  const isPiece = (ingredients.accumulate ?? 1) > 1
  const { terms, gradients } = withGradients(
    parameters,
    () => objectiveTerms(ingredients, objective, parameters, images, noise, sizes.examples, time, context),
    images.shape[0],
    isPiece ? (inputs["weight"] as tf.Scalar) : 1 / images.shape[0]
  )
  if (!isPiece) return { parameters, terms, gradients, time }
  const accumulated = under("accumulated/", state)
  const sums = Record.map(gradients, (gradient, name) => tf.add(tf.mul(accumulated[name]!, inputs["keep"]!), gradient))
  return { parameters, terms, gradients: sums, time }
}

const signatureOf = (ingredients: StepIngredients, sizes: Sizes): Signature => ({
  state: stateTypes(ingredients),
  data: examplesType(ingredients, sizes.examples),
  inputs: {
    ...indicesType(sizes.batch),
    ...stepType,
    ...((ingredients.accumulate ?? 1) > 1 && { weight: stepType["step"]!, keep: stepType["step"]! }),
    ...noiseTypes(trainingNoise(ingredients), sizes.batch)
  }
})

/**
 * One step of training: the gradient of the batch's mean loss, and the optimiser's update.
 *
 * State `parameters/...` and `optimizer/...`, and `average/...` with an average of the parameters; data `images`
 * `[examples, height, width, channels]`, and `labels` `[examples]` where the model takes them; inputs `indices`
 * `[batch]`, `step` (scalar, 1 at the first), `noise/...` `[batch, ...]`; outputs the objective's terms, `[batch]`
 * each.
 *
 * With accumulation it takes the last piece of a batch: state `accumulated/...` has the gradients of those before it;
 * inputs `weight`, 1 / examples of the batch, and `keep`, 0 where there is none before it and else 1.
 */
export const trainStep = (ingredients: StepIngredients, sizes: Sizes): TypedProgram => {
  const { average } = ingredients
  const optimizer = partitioned(ingredients.optimizer, trainedParameters(ingredients))
  return {
    program: {
      name: "train step",
      run: (args) => {
        const { parameters, gradients, terms, time } = gradientsOf(ingredients, sizes, args)
        const { state } = args
        const update = optimizer.update({ parameters, gradients, state: under("optimizer/", state), ...time })
        return {
          state: {
            ...prefixed("parameters/", update.parameters),
            ...prefixed("optimizer/", update.state),
            ...(average !== undefined &&
              prefixed("average/", averaged(under("average/", state), update.parameters, average.decay, time.step)))
          },
          outputs: terms
        }
      }
    },
    signature: signatureOf(ingredients, sizes)
  }
}

/** A piece of a batch that is not its last: its gradients are added to `accumulated/...`. */
export const accumulateStep = (ingredients: StepIngredients, sizes: Sizes): TypedProgram => ({
  program: {
    name: "accumulate step",
    run: (args) => {
      const { gradients, terms } = gradientsOf(ingredients, sizes, args)
      return { state: prefixed("accumulated/", gradients), outputs: terms }
    }
  },
  signature: signatureOf(ingredients, sizes)
})

/** Number of examples per micro-batch; the last may have fewer. */
export const microBatchSize = ({ accumulate = 1 }: UpdateOptions, batchSize: number): number =>
  Math.ceil(batchSize / accumulate)

/** Rows `start` to `end` of a tensor. */
const rowsOf = ({ dtype, shape, values }: HostTensor, start: number, end: number): HostTensor => {
  const width = sizeOf(shape.slice(1))
  return { dtype, shape: [end - start, ...shape.slice(1)], values: values.subarray(start * width, end * width) }
}

/** The inputs of a batch's micro-batches of `size` examples, in order. */
export const microBatchInputs = (inputs: HostTensors, size: number): ReadonlyArray<HostTensors> => {
  const { step, ...rows } = inputs
  const examples = inputs["indices"]!.shape[0]!
  const scalar = (value: number) => float32([], Float32Array.of(value))
  return Array.from({ length: Math.ceil(examples / size) }, (_, piece) => ({
    ...Record.map(rows, (tensor) => rowsOf(tensor, piece * size, Math.min(examples, (piece + 1) * size))),
    step: step!,
    weight: scalar(1 / examples),
    keep: scalar(piece === 0 ? 0 : 1)
  }))
}

/**
 * The inputs of the step after `step` others, for the examples at `indices`: noise of a step is keyed by the seed, its
 * name and the step's number.
 */
export const stepInputs = (
  ingredients: StepComponents,
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

/**
 * First values of the parameters, each from its own stream of random numbers; everything else starts as zeros.
 * `examples` are those of the training, for parameters that start from them.
 */
export const initialState = (ingredients: StepIngredients, seed: number, examples?: Examples): HostTensors => {
  const types = stateTypes(ingredients)
  const parameters = Object.fromEntries(
    Object.entries(trainedParameters(ingredients)).map(([name, { shape, initializer }]) => {
      const numbers = (count: number) => uniform({ seed, stream: `initial/${name}`, step: 0 }, count)
      const values = initializer.draw(shape, numbers, examples)
      return [`parameters/${name}`, float32(shape, values)]
    })
  )
  return { ...Record.map(types, ({ shape }) => float32(shape, new Float32Array(sizeOf(shape)))), ...parameters }
}
