/**
 * A variational autoencoder of fully connected layers.
 *
 * Source: Kingma and Welling 2013, https://arxiv.org/abs/1312.6114
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Result } from "effect"
import type { ImageShape } from "../Dataset.ts"
import type { Likelihood } from "../Likelihood.ts"
import { BernoulliLogits } from "../likelihoods/BernoulliLogits.ts"
import { type Autoencoder, Model, ModelError, PlanarLatent } from "../Model.ts"
import { type NetworkError, type Part, sequence } from "../Network.ts"
import { activation, type ActivationName, activations } from "../networks/Activation.ts"
import { dense, type DenseInitializer, denseInitializers } from "../networks/Dense.ts"
import { flatten, reshape } from "../networks/Reshape.ts"
import type { Posterior } from "../Posterior.ts"
import { LogVarianceGaussian } from "../posteriors/LogVarianceGaussian.ts"
import { prefixed, under } from "../Tensors.ts"

export interface DenseVaeOptions<Latent extends number = number> {
  /** Units of the encoder's hidden layers, from the image inwards. */
  readonly hidden: ReadonlyArray<number>
  /** Units of the decoder's hidden layers, from the code outwards; the encoder's in reverse unless given. */
  readonly decoderHidden?: ReadonlyArray<number>
  /** Number of latent dimensions. */
  readonly latent: Latent
  /** How codes are drawn: `LogVarianceGaussian()` unless given. */
  readonly posterior?: Posterior
  /** What the decoder's output says of an image: `BernoulliLogits()` unless given. */
  readonly likelihood?: Likelihood
  /** After every hidden layer: `relu` unless given. */
  readonly activation?: ActivationName
  /** How first weights are drawn: `glorot-uniform` unless given. */
  readonly initializer?: DenseInitializer
}

/** What a model offers by its number of latent dimensions, where the type knows it. */
export type PlanarIf<Latent extends number> = [Latent] extends [2] ? PlanarLatent : never

type Choices = Required<DenseVaeOptions>

const withDefaults = (options: DenseVaeOptions): Choices => ({
  decoderHidden: options.hidden.toReversed(),
  posterior: LogVarianceGaussian(),
  likelihood: BernoulliLogits(),
  activation: "relu",
  initializer: "glorot-uniform",
  ...options
})

/** The first thing wrong with the options, as a sentence. */
const problemOf = (choices: Choices): string | undefined => {
  const counts = [
    ...choices.hidden.map((units, index) => [`hidden[${index}]`, units] as const),
    ...choices.decoderHidden.map((units, index) => [`decoderHidden[${index}]`, units] as const),
    ["latent", choices.latent] as const
  ]
  const wrong = counts.find(([, count]) => !Number.isInteger(count) || count < 1)
  if (wrong !== undefined) return `${wrong[0]} is ${wrong[1]}; it must be a whole number from 1`
  for (const [name, members] of [
    ["activation", activations],
    ["initializer", denseInitializers]
  ] as const) {
    const allowed = Object.keys(members)
    if (!allowed.includes(choices[name]))
      return `${name} is "${choices[name]}"; it must be one of ${allowed.join(", ")}`
  }
  if (choices.posterior.problem !== undefined) return `posterior: ${choices.posterior.problem}`
  if (choices.likelihood.problem !== undefined) return `likelihood: ${choices.likelihood.problem}`
  return undefined
}

const build = (choices: Choices, image: ImageShape): Result.Result<Autoencoder, NetworkError> =>
  Result.gen(function* () {
    const { posterior, likelihood, initializer } = choices
    const shape = [image.height, image.width, image.channels]
    const hiddenLayers = (units: ReadonlyArray<number>): ReadonlyArray<Part> =>
      units.flatMap((count) => [dense(count, { initializer }), activation(choices.activation)])

    const encoder = yield* sequence(flatten(), ...hiddenLayers(choices.hidden)).build(shape)
    const head = yield* dense(choices.latent, { initializer }).build(encoder.output)
    const decoder = yield* sequence(...hiddenLayers(choices.decoderHidden)).build([choices.latent])
    const pixels = image.height * image.width * image.channels
    const output = yield* dense(pixels, { initializer }).build(decoder.output)
    const toImage = yield* reshape(shape).build([pixels])

    return {
      parameters: {
        ...prefixed("encoder/", encoder.parameters),
        ...Object.assign({}, ...posterior.heads.map((name) => prefixed(`encoder/${name}/`, head.parameters))),
        ...prefixed("decoder/", decoder.parameters),
        ...prefixed("decoder/output/", output.parameters)
      },
      noise: { ...prefixed("encoder/", encoder.noise), ...prefixed("decoder/", decoder.noise) },
      encode: (parameters, images, noise) => {
        const features = encoder.apply(under("encoder/", parameters), images, noise && under("encoder/", noise))
        return posterior.fromHeads(
          posterior.heads.map((name) => head.apply(under(`encoder/${name}/`, parameters), features) as tf.Tensor2D)
        )
      },
      decode: (parameters, codes, noise) => {
        const features = decoder.apply(under("decoder/", parameters), codes, noise && under("decoder/", noise))
        const flat = output.apply(under("decoder/output/", parameters), features)
        return likelihood.fromOutput(toImage.apply({}, flat) as tf.Tensor4D)
      }
    }
  })

/**
 * Provides a dense variational autoencoder: image - hidden layers - code - hidden layers - image. With two latent
 * dimensions it offers `PlanarLatent` too.
 *
 * Fails with `ModelError` where an option is not allowed.
 */
export const layer = <const Latent extends number>(
  options: DenseVaeOptions<Latent>
): Layer.Layer<Model | PlanarIf<Latent>, ModelError> => {
  const choices = withDefaults(options)
  const { hidden, decoderHidden, latent, activation, initializer } = choices
  const fail = (reason: string): ModelError => new ModelError({ model: "DenseVae", reason })
  const model = Model.of({
    spec: {
      _tag: "DenseVae",
      hidden,
      decoderHidden,
      latent,
      posterior: choices.posterior.spec,
      likelihood: choices.likelihood.spec,
      activation,
      initializer
    },
    latent,
    hasDensity: choices.posterior.hasDensity ?? true,
    build: (shape) => Effect.fromResult(Result.mapError(build(choices, shape), (error) => fail(error.message)))
  })
  const problem = problemOf(choices)
  const services = Context.make(Model, model)
  return Layer.effectContext(
    problem === undefined
      ? Effect.succeed(latent === 2 ? Context.add(services, PlanarLatent, { latent: 2 }) : services)
      : Effect.fail(fail(problem))
  ) as Layer.Layer<Model | PlanarIf<Latent>, ModelError>
}
