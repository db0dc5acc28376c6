/**
 * A conditional variational autoencoder: the one-hot label is concatenated to the flat image for the encoder and to the
 * code for the decoder, so that images of a chosen class can be generated.
 *
 * Source: Sohn, Lee and Yan 2015, "Learning structured output representation using deep conditional generative models",
 * https://papers.nips.cc/paper/5775; Kingma et al. 2014, model M2, https://arxiv.org/abs/1406.5298
 */
import { Layer } from "effect"
import { Labels } from "../Dataset.ts"
import type { ClassConditional, Model, ModelError } from "../Model.ts"
import { type Module, sequence } from "../Network.ts"
import type { Prior } from "../Prior.ts"
import { compose } from "./Compose.ts"
import { modulesProblem, type Options, problemOf, specOf, withDefaults } from "./ModelOptions.ts"
import { described, services } from "./ModelServices.ts"

export interface ConditionalVaeOptions extends Options {
  /** From `[pixels + classes]` to a feature vector for the posterior's linear heads. */
  readonly encoder: ReadonlyArray<Module>
  /** From `[latent + classes]` to the likelihood's parameters in the image's shape, such as logits. */
  readonly decoder: ReadonlyArray<Module>
}

/** The error of a prior with a conditional encoder; undefined if they are compatible. */
const labelProblem = ({ needsEncoder, spec }: Prior): string | undefined =>
  needsEncoder === true
    ? `prior: ${spec._tag} encodes images without labels, but this encoder needs a label per image`
    : undefined

/**
 * Provides `q(z | x, y)` and `p(x | z, y)` for the dataset's classes.
 *
 * Fails with `ModelError` for an invalid option; `build` fails with one if a module does not accept its input or the
 * decoder's output shape is not the image's.
 */
export const layer = (options: ConditionalVaeOptions): Layer.Layer<Model | ClassConditional, ModelError, Labels> => {
  const { decoder, encoder } = options
  const choices = withDefaults(options)
  const forClasses = (classes: number) =>
    services({
      tag: "ConditionalVae",
      problem: problemOf(choices) ?? labelProblem(choices.prior) ?? modulesProblem({ encoder, decoder }),
      options: {
        classes,
        encoder: encoder.map(({ spec }) => spec),
        decoder: decoder.map(({ spec }) => spec),
        ...specOf(choices)
      },
      ...described(choices),
      classes,
      build: (image) =>
        compose(image, { ...choices, classes, encoder: sequence(...encoder), decoder: sequence(...decoder) })
    })
  return Layer.effectContext(Labels.use(({ classes }) => forClasses(classes.length))) as Layer.Layer<
    Model | ClassConditional,
    ModelError,
    Labels
  >
}
