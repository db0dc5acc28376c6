/**
 * A variational autoencoder of fully connected layers.
 *
 * Source: Kingma and Welling 2013, https://arxiv.org/abs/1312.6114
 */
import { Layer, Result } from "effect"
import { pixelMeanLogits } from "../Initializer.ts"
import type { Model, ModelError } from "../Model.ts"
import { type Module, sequence } from "../Network.ts"
import { type ActivationName, activations } from "../networks/Activation.ts"
import { dense } from "../networks/Dense.ts"
import { hiddenLayers } from "../networks/HiddenLayers.ts"
import { flatten, reshape } from "../networks/Reshape.ts"
import type { FactorizedFamily, Posterior } from "../Posterior.ts"
import type { Prior, QuantilePrior } from "../Prior.ts"
import { prefixed, type Shape, sizeOf, under } from "../Tensors.ts"
import * as Compose from "./Compose.ts"
import * as ModelOptions from "./ModelOptions.ts"
import * as ModelServices from "./ModelServices.ts"
import { choiceProblem, countProblem } from "../OptionProblem.ts"

export interface DenseVaeOptions<
  Latent extends number = number,
  P extends Prior = Prior,
  Q extends Posterior = Posterior
> extends ModelOptions.Options<Latent, P, Q> {
  /** Units of the encoder's hidden layers, in order. */
  readonly hidden: ReadonlyArray<number>
  /** Units of the decoder's hidden layers, in order; default: the encoder's reversed. */
  readonly decoderHidden?: ReadonlyArray<number>
  /** Activation of every hidden layer; default: `relu`. */
  readonly activation?: ActivationName
  /**
   * What the bias of the decoder's output starts from: as `initializer` says, or the logits of the training images' mean
   * pixels, for a Bernoulli likelihood. Default: `initializer`.
   */
  readonly outputBias?: OutputBias
}

const outputBiases = ["initializer", "pixel-means"] as const
export type OutputBias = (typeof outputBiases)[number]

type Choices = Required<DenseVaeOptions>

const withDefaults = (options: DenseVaeOptions): Choices => ({
  ...ModelOptions.withDefaults(options),
  hidden: options.hidden,
  decoderHidden: options.decoderHidden ?? options.hidden.toReversed(),
  activation: options.activation ?? "relu",
  outputBias: options.outputBias ?? "initializer"
})

const outputBiasProblem = ({ likelihood, outputBias }: Choices): string | undefined => {
  const choice = choiceProblem("outputBias", outputBias, outputBiases)
  if (choice !== undefined) return choice
  return outputBias === "initializer" || likelihood.spec._tag === "BernoulliLogits"
    ? undefined
    : `outputBias is "${outputBias}", whose logits are of a Bernoulli, but the likelihood is ${likelihood.spec._tag}; it must be BernoulliLogits`
}

/** The first error of the options, as a sentence; undefined if they are valid. */
const problemOf = (choices: Choices): string | undefined => {
  const widths = (["hidden", "decoderHidden"] as const).flatMap((name) =>
    choices[name].map((units, index) => countProblem(`${name}[${index}]`, units))
  )
  return (
    widths.find((problem) => problem !== undefined) ??
    choiceProblem("activation", choices.activation, Object.keys(activations)) ??
    outputBiasProblem(choices) ??
    ModelOptions.problemOf(choices)
  )
}

/** From vectors to `shape`: hidden layers, and a linear layer whose parameters are named `output/...`. */
const upTo = (shape: Shape, hidden: Module, linear: Module): Module => ({
  name: "decoder",
  spec: { _tag: "Decoder", hidden: hidden.spec, output: linear.spec },
  build: (input) =>
    Result.gen(function* () {
      const features = yield* hidden.build(input)
      const output = yield* linear.build(features.output)
      const toShape = yield* reshape(shape).build(output.output)
      return {
        output: shape,
        parameters: { ...features.parameters, ...prefixed("output/", output.parameters) },
        noise: features.noise,
        apply: (parameters, x, noise) =>
          toShape.apply({}, output.apply(under("output/", parameters), features.apply(parameters, x, noise)))
      }
    })
})

/**
 * Provides a dense variational autoencoder: image, hidden layers, code, hidden layers, image. It also provides
 * `PlanarLatent` with two latent dimensions, `PriorQuantiles` with a prior of known quantiles, and
 * `FactorizedPosterior` with a posterior of independent dimensions.
 *
 * Fails with `ModelError` for an invalid option.
 */
export const layer = <
  const Latent extends number,
  P extends Prior = QuantilePrior,
  Q extends Posterior = FactorizedFamily
>(
  options: DenseVaeOptions<Latent, P, Q>
): Layer.Layer<Model | ModelServices.Offers<Latent, P, Q>, ModelError> => {
  const choices = withDefaults(options)
  const { hidden, decoderHidden, initializer, likelihood } = choices
  const layers = (units: ReadonlyArray<number>) => hiddenLayers(units, choices.activation, { initializer })
  return Layer.effectContext(
    ModelServices.services({
      tag: "DenseVae",
      problem: problemOf(choices),
      options: {
        hidden,
        decoderHidden,
        activation: choices.activation,
        ...ModelOptions.specOf(choices),
        ...(choices.outputBias !== "initializer" && { outputBias: choices.outputBias })
      },
      ...ModelServices.described(choices),
      build: (image) => {
        const shape = [image.height, image.width, image.channels * (likelihood.outputs ?? 1)]
        const encoder = sequence(flatten(), ...layers(hidden))
        const bias = choices.outputBias === "pixel-means" ? { bias: pixelMeanLogits } : {}
        const output = dense(sizeOf(shape), { initializer, ...bias })
        const decoder = upTo(shape, sequence(...layers(decoderHidden)), output)
        return Compose.compose(image, { ...choices, encoder, decoder })
      }
    })
  ) as Layer.Layer<Model | ModelServices.Offers<Latent, P, Q>, ModelError>
}
