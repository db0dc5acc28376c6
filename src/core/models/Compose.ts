/**
 * Composes an autoencoder of two networks, a posterior, a likelihood and a prior. All models of this folder use it.
 *
 * The encoder's features feed one linear layer per posterior head. A conditional model gets the one-hot label
 * concatenated to the flat image and to the code.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import type { ImageShape } from "../Dataset.ts"
import type { LikelihoodDistribution } from "../Likelihood.ts"
import type { Autoencoder } from "../Model.ts"
import { type Network, NetworkError, type Module } from "../Network.ts"
import { dense } from "../networks/Dense.ts"
import type { PriorContext } from "../Prior.ts"
import type { Time } from "../Schedule.ts"
import { prefixed, sizeOf, type Tensors, under } from "../Tensors.ts"
import type { Choices } from "./ModelOptions.ts"

const inside = (path: string) => (error: NetworkError) =>
  new NetworkError({ module: error.module === "" ? path : `${path}/${error.module}`, reason: error.reason })

/** A decoder for images of a fixed shape. */
export interface Decoder extends Pick<Network, "parameters" | "noise"> {
  /** `p(x | z)` from `[batch, inputs]`. */
  readonly decode: (parameters: Tensors, x: tf.Tensor, noise?: Tensors) => LikelihoodDistribution
}

/** The decoder from `[inputs]`, with names `decoder/...`. Fails if its output shape is not the image's. */
export const composeDecoder = (
  image: ImageShape,
  inputs: number,
  { decoder: part, likelihood }: Pick<Choices, "likelihood"> & { readonly decoder: Module }
): Result.Result<Decoder, NetworkError> =>
  Result.gen(function* () {
    const { outputs = 1 } = likelihood
    const shape = [image.height, image.width, image.channels * outputs]
    const decoder = yield* Result.mapError(part.build([inputs]), inside("decoder"))
    if (decoder.output.join() !== shape.join()) {
      const needed =
        outputs === 1 ? `an image is` : `${likelihood.spec._tag} takes ${outputs} numbers per value of an image:`
      const reason = `ends at [${decoder.output.join(", ")}], but ${needed} [${shape.join(", ")}]`
      return yield* Result.fail(new NetworkError({ module: "decoder", reason }))
    }
    return {
      parameters: {
        ...prefixed("decoder/", decoder.parameters),
        ...prefixed("decoder/likelihood/", likelihood.parameters?.(image) ?? {})
      },
      noise: prefixed("decoder/", decoder.noise),
      decode: (parameters, x, noise) => {
        const output = decoder.apply(under("decoder/", parameters), x, noise && under("decoder/", noise))
        return likelihood.fromOutput(output as tf.Tensor4D, under("decoder/likelihood/", parameters))
      }
    }
  })

/**
 * `p(z)` for images of a fixed shape, with names `prior/...`. Fails if the prior does not support the model's sizes.
 */
export const composePrior = (
  image: ImageShape,
  { latent, prior }: Pick<Choices, "latent" | "prior">,
  encode: Autoencoder["encode"],
  choicesAt: (parameters: Tensors, time: Time | undefined) => PriorContext["choices"] = () => undefined
): Result.Result<Pick<Autoencoder, "parameters" | "prior">, NetworkError> => {
  const sizes = { latent, image }
  const reason = prior.problemFor?.(sizes)
  if (reason !== undefined) return Result.fail(new NetworkError({ module: "prior", reason }))
  return Result.succeed({
    parameters: prefixed("prior/", prior.parameters(sizes)),
    prior: (parameters, { time } = {}) =>
      prior.distribution(under("prior/", parameters), {
        ...sizes,
        time,
        choices: choicesAt(parameters, time),
        encode: (images) => encode(parameters, images, { time })
      })
  })
}

/**
 * The autoencoder for images of a fixed shape.
 *
 * Parameters are named `encoder/...`, `encoder/HEAD/kernel`, `encoder/HEAD/bias`, `decoder/...` and `prior/...`. With
 * `classes` the encoder takes `[pixels + classes]` and the decoder `[latent + classes]`; without, the image and
 * `[latent]`. Fails if a module does not accept its input or the decoder's output shape is not the image's.
 */
export const compose = (
  image: ImageShape,
  choices: Choices & { readonly encoder: Module; readonly decoder: Module; readonly classes?: number }
): Result.Result<Autoencoder, NetworkError> =>
  Result.gen(function* () {
    const { classes, initializer, latent, posterior } = choices
    const shape = [image.height, image.width, image.channels]
    const pixels = sizeOf(shape)
    const encoderInput = classes === undefined ? shape : [pixels + classes]
    const encoder = yield* Result.mapError(choices.encoder.build(encoderInput), inside("encoder"))
    const heads: Array<{ readonly path: string; readonly network: Network }> = []
    for (const name of posterior.heads) {
      const width = posterior.width?.(name, latent) ?? latent
      if (width === 0) continue
      const built = dense(width, { initializer }).build(encoder.output)
      heads.push({ path: `encoder/${name}/`, network: yield* Result.mapError(built, inside(`encoder/${name}`)) })
    }
    const decoder = yield* composeDecoder(image, latent + (classes ?? 0), choices)

    const withLabels = (x: tf.Tensor, labels: tf.Tensor1D | undefined): tf.Tensor =>
      classes === undefined
        ? x
        : tf.concat([tf.reshape(x, [x.shape[0]!, -1]), tf.cast(tf.oneHot(labels!, classes), "float32")], 1)

    const encode: Autoencoder["encode"] = (parameters, images, { labels, noise, time } = {}) => {
      const features = encoder.apply(
        under("encoder/", parameters),
        withLabels(images, labels),
        noise && under("encoder/", noise)
      )
      return posterior.fromHeads(
        heads.map(({ network, path }) => network.apply(under(path, parameters), features) as tf.Tensor2D),
        under("encoder/posterior/", parameters),
        time
      )
    }
    const space = posterior.space?.(latent)
    const prior = yield* composePrior(image, choices, encode, (parameters, time) =>
      space === undefined
        ? undefined
        : {
            ...space,
            relaxed: space.relaxedInTraining && time !== undefined,
            embed: (chosen) => space.embed(chosen, under("encoder/posterior/", parameters))
          }
    )

    return {
      parameters: {
        ...prefixed("encoder/", encoder.parameters),
        ...Object.assign({}, ...heads.map(({ network, path }) => prefixed(path, network.parameters))),
        ...prefixed("encoder/posterior/", posterior.parameters?.(latent) ?? {}),
        ...decoder.parameters,
        ...prior.parameters
      },
      noise: { ...prefixed("encoder/", encoder.noise), ...decoder.noise },
      ...(classes !== undefined && { classes }),
      encode,
      prior: prior.prior,
      decode: (parameters, codes, { labels, noise } = {}) =>
        decoder.decode(parameters, withLabels(codes, labels), noise)
    }
  })
