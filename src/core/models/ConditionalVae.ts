/**
 * A variational autoencoder of labelled images: the label, as a one-hot vector, stands beside the flat image at the
 * encoder and beside the code at the decoder, so that an image of a chosen class can be made.
 *
 * Source: Sohn, Lee and Yan 2015, "Learning structured output representation using deep conditional generative models",
 * https://papers.nips.cc/paper/5775; Kingma et al. 2014, model M2, https://arxiv.org/abs/1406.5298
 */
import { Layer } from "effect"
import { Labels } from "../Dataset.ts"
import type { ClassConditional, Model, ModelError } from "../Model.ts"
import { type Module, sequence } from "../Network.ts"
import type { Prior } from "../Prior.ts"
import {
  compose,
  described,
  type Options,
  modulesProblem,
  problemOf,
  services,
  specOf,
  withDefaults
} from "./Compose.ts"

export interface ConditionalVaeOptions extends Options {
  /** From the vector `[pixels + classes]` to a vector, of which the posterior's heads are linear functions. */
  readonly encoder: ReadonlyArray<Module>
  /** From the vector `[latent + classes]` to the likelihood's parameters in the image's shape, such as logits. */
  readonly decoder: ReadonlyArray<Module>
}

/** What is wrong with a prior beside an encoder that takes labels, if anything. */
const labelProblem = ({ needsEncoder, spec }: Prior): string | undefined =>
  needsEncoder === true
    ? `prior: ${spec._tag} encodes images without labels, but this encoder needs a label per image`
    : undefined

/**
 * Provides `q(z | x, y)` and `p(x | z, y)` for the dataset's classes.
 *
 * Fails with `ModelError` where an option is not allowed; `build` fails with one where a part cannot take its input, or
 * where the decoder does not end at the image's shape.
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
