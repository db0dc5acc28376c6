/**
 * Programs of an objective: its terms for a batch, importance weights, and the values of schedules.
 *
 * Law: unless the objective depends on the batch, an example's terms depend on that example alone, so examples can be
 * evaluated in chunks of any size.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { drawCodes } from "./Divergence.ts"
import { importanceWeights } from "./ImportanceWeights.ts"
import type { ModelContext } from "./Model.ts"
import type { Objective, Terms } from "./Objective.ts"
import {
  examplesType,
  flattenDraws,
  forDraws,
  gather,
  gatherLabels,
  indicesType,
  type ModelComponents,
  noiseTypes,
  objectiveNoise,
  parameterTypes,
  type Sizes,
  stepType,
  timeOf,
  trainedParameters,
  type TypedProgram
} from "./ProgramInputs.ts"
import type { Schedule, Time } from "./Schedule.ts"
import { prefixed, type Tensors, under } from "./Tensors.ts"

/**
 * The terms of a batch, `[batch]` each: the objective's and the posterior's own. `noise` are tensors `[batch, ...]` of
 * `objectiveNoise`; `examples` is the number of training examples.
 */
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
 * `[draws, latent]`. No output if codes have no density.
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
