/**
 * A variational autoencoder with an encoder and a decoder of any modules in sequence.
 *
 * Source: Kingma and Welling 2013, https://arxiv.org/abs/1312.6114
 */
import { Layer } from "effect"
import type { Model, ModelError } from "../Model.ts"
import { type Module, sequence } from "../Network.ts"
import type { FactorizedFamily, Posterior } from "../Posterior.ts"
import type { Prior, QuantilePrior } from "../Prior.ts"
import { compose } from "./Compose.ts"
import { modulesProblem, type Options, problemOf, specOf, withDefaults } from "./ModelOptions.ts"
import { described, type Offers, services } from "./ModelServices.ts"

export interface SequentialVaeOptions<
  Latent extends number = number,
  P extends Prior = Prior,
  Q extends Posterior = Posterior
> extends Options<Latent, P, Q> {
  /** From an image `[height, width, channels]` to a feature vector for the posterior's linear heads. */
  readonly encoder: ReadonlyArray<Module>
  /** From a code `[latent]` to the likelihood's parameters in the image's shape, such as logits. */
  readonly decoder: ReadonlyArray<Module>
}

/**
 * Provides the model. It also provides `PlanarLatent` with two latent dimensions, `PriorQuantiles` with a prior of
 * known quantiles, and `FactorizedPosterior` with a posterior of independent dimensions.
 *
 * Fails with `ModelError` for an invalid option; `build` fails with one if a module does not accept its input or the
 * decoder's output shape is not the image's.
 */
export const layer = <
  const Latent extends number,
  P extends Prior = QuantilePrior,
  Q extends Posterior = FactorizedFamily
>(
  options: SequentialVaeOptions<Latent, P, Q>
): Layer.Layer<Model | Offers<Latent, P, Q>, ModelError> => {
  const { decoder, encoder } = options
  const choices = withDefaults(options)
  return Layer.effectContext(
    services({
      tag: "SequentialVae",
      problem: problemOf(choices) ?? modulesProblem({ encoder, decoder }),
      options: {
        encoder: encoder.map(({ spec }) => spec),
        decoder: decoder.map(({ spec }) => spec),
        ...specOf(choices)
      },
      ...described(choices),
      build: (image) => compose(image, { ...choices, encoder: sequence(...encoder), decoder: sequence(...decoder) })
    })
  ) as Layer.Layer<Model | Offers<Latent, P, Q>, ModelError>
}
