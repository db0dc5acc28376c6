/**
 * An autoencoder composed of two networks, a posterior and a likelihood: what the models of this folder share.
 *
 * The encoder's features go through one linear head a posterior head. A model of labelled images gets the one-hot label
 * beside the flat image and beside the code.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Context, Result } from "effect"
import type { ImageShape } from "../Dataset.ts"
import type { Likelihood } from "../Likelihood.ts"
import { BernoulliLogits } from "../likelihoods/BernoulliLogits.ts"
import { type Autoencoder, ClassConditional, Model, PlanarLatent } from "../Model.ts"
import { NetworkError, type Part } from "../Network.ts"
import { dense, type DenseInitializer, denseInitializers } from "../networks/Dense.ts"
import type { Posterior } from "../Posterior.ts"
import { LogVarianceGaussian } from "../posteriors/LogVarianceGaussian.ts"
import { type Json, nonFinite } from "../Spec.ts"
import { prefixed, sizeOf, under } from "../Tensors.ts"

/** What models of this folder let one choose beside their networks. */
export interface Options<Latent extends number = number> {
  /** Number of latent dimensions. */
  readonly latent: Latent
  /** How codes are drawn: `LogVarianceGaussian()` unless given. */
  readonly posterior?: Posterior
  /** What the decoder's output says of an image: `BernoulliLogits()` unless given. */
  readonly likelihood?: Likelihood
  /** How first weights are drawn: `glorot-uniform` unless given. */
  readonly initializer?: DenseInitializer
}

export type Choices = Required<Options>

/** What a model offers by its number of latent dimensions, where the type knows it. */
export type PlanarIf<Latent extends number> = [Latent] extends [2] ? PlanarLatent : never

export const withDefaults = ({ latent, posterior, likelihood, initializer }: Options): Choices => ({
  latent,
  posterior: posterior ?? LogVarianceGaussian(),
  likelihood: likelihood ?? BernoulliLogits(),
  initializer: initializer ?? "glorot-uniform"
})

/** What is wrong with a number of units or dimensions, if anything. */
export const countProblem = (name: string, count: number): string | undefined =>
  Number.isInteger(count) && count >= 1 ? undefined : `${name} is ${count}; it must be a whole number from 1`

/** What is wrong with a choice by name, if anything. */
export const nameProblem = (name: string, value: string, members: object): string | undefined => {
  const allowed = Object.keys(members)
  return allowed.includes(value) ? undefined : `${name} is "${value}"; it must be one of ${allowed.join(", ")}`
}

/** The first thing wrong with the choices, as a sentence. */
export const problemOf = (choices: Choices): string | undefined => {
  const inner = (name: string, problem: string | undefined) => problem && `${name}: ${problem}`
  return (
    countProblem("latent", choices.latent) ??
    nameProblem("initializer", choices.initializer, denseInitializers) ??
    inner("posterior", choices.posterior.problem) ??
    inner("likelihood", choices.likelihood.problem)
  )
}

/** What is wrong with the options of parts, as far as it shows before they know their input. */
export const partsProblem = (parts: Readonly<Record<string, ReadonlyArray<Part>>>): string | undefined => {
  for (const [name, members] of Object.entries(parts)) {
    const found = nonFinite(members.map(({ spec }) => spec))
    if (found !== undefined) return `${name}${found.path} is ${found.value}; it must be a finite number`
  }
  return undefined
}

/** The choices as a part of a model's spec. */
export const specOf = ({ initializer, latent, likelihood, posterior }: Choices): Readonly<Record<string, Json>> => ({
  latent,
  posterior: posterior.spec,
  likelihood: likelihood.spec,
  initializer
})

/** The model with what it offers beside: a plane, or images by class. A plane is one where no label comes beside it. */
export const offering = (model: Model["Service"], classes?: number) => {
  const services = Context.make(Model, model)
  if (classes !== undefined) return Context.add(services, ClassConditional, { classes })
  return model.latent === 2 ? Context.add(services, PlanarLatent, { latent: 2 }) : services
}

const inside = (path: string) => (error: NetworkError) =>
  new NetworkError({ part: error.part === "" ? path : `${path}/${error.part}`, reason: error.reason })

/**
 * The autoencoder for images of one shape.
 *
 * Parameters are named `encoder/...`, `encoder/HEAD/kernel`, `encoder/HEAD/bias` and `decoder/...`. With `classes` the
 * encoder takes `[pixels + classes]` and the decoder `[latent + classes]`; without, the image and `[latent]`. Fails where
 * a part cannot take its input or the decoder does not end at the image's shape.
 */
export const compose = (
  image: ImageShape,
  choices: Choices & { readonly encoder: Part; readonly decoder: Part; readonly classes?: number }
): Result.Result<Autoencoder, NetworkError> =>
  Result.gen(function* () {
    const { classes, initializer, latent, likelihood, posterior } = choices
    const shape = [image.height, image.width, image.channels]
    const pixels = sizeOf(shape)
    const encoderInput = classes === undefined ? shape : [pixels + classes]
    const encoder = yield* Result.mapError(choices.encoder.build(encoderInput), inside("encoder"))
    const head = yield* Result.mapError(
      dense(latent, { initializer }).build(encoder.output),
      inside(`encoder/${posterior.heads[0]}`)
    )
    const decoder = yield* Result.mapError(choices.decoder.build([latent + (classes ?? 0)]), inside("decoder"))
    if (decoder.output.join() !== shape.join()) {
      const reason = `ends at [${decoder.output.join(", ")}], but an image is [${shape.join(", ")}]`
      return yield* Result.fail(new NetworkError({ part: "decoder", reason }))
    }

    const withLabels = (x: tf.Tensor, labels: tf.Tensor1D | undefined): tf.Tensor =>
      classes === undefined
        ? x
        : tf.concat([tf.reshape(x, [x.shape[0]!, -1]), tf.cast(tf.oneHot(labels!, classes), "float32")], 1)

    return {
      parameters: {
        ...prefixed("encoder/", encoder.parameters),
        ...Object.assign({}, ...posterior.heads.map((name) => prefixed(`encoder/${name}/`, head.parameters))),
        ...prefixed("decoder/", decoder.parameters)
      },
      noise: { ...prefixed("encoder/", encoder.noise), ...prefixed("decoder/", decoder.noise) },
      ...(classes !== undefined && { classes }),
      encode: (parameters, images, { labels, noise } = {}) => {
        const features = encoder.apply(
          under("encoder/", parameters),
          withLabels(images, labels),
          noise && under("encoder/", noise)
        )
        return posterior.fromHeads(
          posterior.heads.map((name) => head.apply(under(`encoder/${name}/`, parameters), features) as tf.Tensor2D)
        )
      },
      decode: (parameters, codes, { labels, noise } = {}) => {
        const output = decoder.apply(
          under("decoder/", parameters),
          withLabels(codes, labels),
          noise && under("decoder/", noise)
        )
        return likelihood.fromOutput(output as tf.Tensor4D)
      }
    }
  })
