/**
 * Composes an autoencoder of two networks, a posterior, a likelihood and a prior. All models of this folder use it.
 *
 * The encoder's features feed one linear layer per posterior head. A conditional model gets the one-hot label
 * concatenated to the flat image and to the code.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Result, Struct } from "effect"
import type { ImageShape } from "../Dataset.ts"
import type { Likelihood, LikelihoodDistribution } from "../Likelihood.ts"
import { BernoulliLogits } from "../likelihoods/BernoulliLogits.ts"
import {
  type Autoencoder,
  ClassConditional,
  ContinuousLatent,
  DiscreteLatent,
  FactorizedPosterior,
  Model,
  ModelError,
  PlanarLatent
} from "../Model.ts"
import { type Network, NetworkError, type Module } from "../Network.ts"
import { dense, type DenseInitializer, denseInitializers } from "../networks/Dense.ts"
import type { ChoiceSpace, ContinuousFamily, DiscreteFamily, FactorizedFamily, Posterior } from "../Posterior.ts"
import { LogVarianceGaussian } from "../posteriors/LogVarianceGaussian.ts"
import { type Prior, type PriorContext, PriorQuantiles, type QuantilePrior } from "../Prior.ts"
import { StandardNormal } from "../priors/StandardNormal.ts"
import { UniformCategorical } from "../priors/UniformCategorical.ts"
import type { Schedule, Time } from "../Schedule.ts"
import { type Json, nonFinite } from "../Spec.ts"
import { prefixed, sizeOf, type Tensors, under } from "../Tensors.ts"
import { choiceProblem, countProblem } from "../OptionProblem.ts"

/** Options of every model of this folder, in addition to its networks. */
export interface Options<Latent extends number = number, P extends Prior = Prior, Q extends Posterior = Posterior> {
  /** Number of latent dimensions. */
  readonly latent: Latent
  /** The family of `q(z | x)`; default: `LogVarianceGaussian()`. */
  readonly posterior?: Q
  /** The family of `p(x | z)`; default: `BernoulliLogits()`. */
  readonly likelihood?: Likelihood
  /** The prior `p(z)`; default: `StandardNormal()`. */
  readonly prior?: P
  /** Initialisation of the weights; default: `glorot-uniform`. */
  readonly initializer?: DenseInitializer
}

export type Choices = Required<Options>

/** The service of a model with continuous or discrete codes, if the type shows the posterior. */
export type SpaceOf<Q extends Posterior> = [Q] extends [ContinuousFamily]
  ? ContinuousLatent
  : [Q] extends [DiscreteFamily]
    ? DiscreteLatent
    : never

/** The service of a model with two continuous latent dimensions, if the type shows them. */
export type PlanarIf<Latent extends number, Q extends Posterior> = [Latent, Q] extends [2, ContinuousFamily]
  ? PlanarLatent
  : never

/** The service of a model whose prior has known quantiles, if the type shows the prior. */
export type QuantilesIf<P extends Prior, Q extends Posterior> = [P, Q] extends [QuantilePrior, ContinuousFamily]
  ? PriorQuantiles
  : never

/** The service of a model with a factorized posterior, if the type shows the posterior. */
export type FactorizedIf<Q extends Posterior> = [Q] extends [FactorizedFamily] ? FactorizedPosterior : never

/** All services that a model provides in addition to `Model`, depending on its options. */
export type Offers<Latent extends number, P extends Prior, Q extends Posterior> =
  | SpaceOf<Q>
  | PlanarIf<Latent, Q>
  | QuantilesIf<P, Q>
  | FactorizedIf<Q>

export const withDefaults = ({ latent, posterior, likelihood, prior, initializer }: Options): Choices => ({
  latent,
  prior: prior ?? (posterior?.space === undefined ? StandardNormal() : UniformCategorical()),
  posterior: posterior ?? LogVarianceGaussian(),
  likelihood: likelihood ?? BernoulliLogits(),
  initializer: initializer ?? "glorot-uniform"
})

/** The first error of the choices, as a sentence; undefined if they are valid. */
export const problemOf = (choices: Choices): string | undefined => {
  const inner = (name: string, problem: string | undefined) => problem && `${name}: ${problem}`
  return (
    countProblem("latent", choices.latent) ??
    choiceProblem("initializer", choices.initializer, Object.keys(denseInitializers)) ??
    inner("posterior", choices.posterior.problem) ??
    inner("posterior", choices.posterior.problemFor?.(choices.latent)) ??
    inner("likelihood", choices.likelihood.problem) ??
    inner("prior", choices.prior.problem) ??
    inner("prior", spaceProblem(choices) ?? densityProblem(choices))
  )
}

/** The error of a discrete prior with a continuous posterior, or vice versa; undefined if they are compatible. */
const spaceProblem = ({ posterior, prior }: Choices): string | undefined => {
  const [ofPrior, ofPosterior] = [prior.ofChoices === true, posterior.space !== undefined]
  if (ofPrior === ofPosterior) return undefined
  const words = (ofChoices: boolean) => (ofChoices ? "choices" : "real vectors")
  return `${prior.spec._tag} is a distribution of ${words(ofPrior)}, but codes of ${posterior.spec._tag} are ${words(ofPosterior)}`
}

/** The error of a combination of prior and posterior; undefined if it is valid. */
const densityProblem = ({ posterior, prior }: Choices): string | undefined =>
  prior.needsPosteriorDensity === true && (posterior.hasDensity === false || posterior.densityOfOwnCodes === true)
    ? `${prior.spec._tag} needs a posterior with a density of any code, but ${posterior.spec._tag} has none`
    : undefined

/** Why the KL divergence from the posterior to the prior is infinite; undefined if it is finite. */
export const infiniteKl = ({ posterior, prior }: Pick<Choices, "posterior" | "prior">): string | undefined => {
  if (posterior.hasDensity === false) return "they have no noise"
  return prior.hasFullSupport === false ? `the prior is ${prior.name}, which some codes leave` : undefined
}

/** The error of the modules' options that is visible before their input is known; undefined if there is none. */
export const modulesProblem = (parts: Readonly<Record<string, ReadonlyArray<Module>>>): string | undefined => {
  for (const [name, members] of Object.entries(parts)) {
    const found = nonFinite(members.map(({ spec }) => spec))
    if (found !== undefined) return `${name}${found.path} is ${found.value}; it must be a finite number`
  }
  return undefined
}

/** The part of a model's description that follows from its choices. */
export const described = (choices: Choices): Pick<Description, DescribedByChoices> => {
  const { latent, likelihood, posterior, prior } = choices
  return {
    latent,
    prior,
    likelihood,
    factorized: posterior.factorized === true,
    choices: posterior.space?.(latent),
    schedules: { ...posterior.schedules, ...prior.schedules },
    infiniteKl: infiniteKl(choices)
  }
}

type DescribedByChoices = "choices" | "factorized" | "infiniteKl" | "latent" | "likelihood" | "prior" | "schedules"

/** The choices in a model's spec. The default prior is omitted, so that older run ids stay valid. */
export const specOf = (choices: Choices): Readonly<Record<string, Json>> => {
  const { initializer, latent, likelihood, posterior, prior } = choices
  return {
    latent,
    posterior: posterior.spec,
    likelihood: likelihood.spec,
    ...(prior.spec._tag !== "StandardNormal" && { prior: prior.spec }),
    initializer
  }
}

/** What distinguishes the models of this folder. */
export interface Description {
  readonly tag: string
  /** The error of its options; undefined if they are valid. */
  readonly problem: string | undefined
  /** All options, defaults filled in. */
  readonly options: Readonly<Record<string, Json>>
  readonly latent: number
  readonly prior: Pick<Prior, "name" | "quantiles">
  readonly likelihood: Likelihood
  /** Whether the posterior's dimensions are independent. */
  readonly factorized: boolean
  /** The choices of discrete codes. */
  readonly choices?: ChoiceSpace | undefined
  /** Whether two latent dimensions are a plane. Default: `true`. */
  readonly planar?: boolean
  /** Options of posterior and prior that change during training, by name. */
  readonly schedules?: Readonly<Record<string, Schedule>>
  /** Why the KL divergence from the posterior to the prior is infinite; undefined if it is finite. */
  readonly infiniteKl: string | undefined
  /** Number of classes of a conditional decoder. */
  readonly classes?: number
  readonly build: (image: ImageShape) => Result.Result<Autoencoder, NetworkError>
}

/**
 * The services that a model's layer provides: `Model`, and depending on the options `PlanarLatent` (not for conditional
 * models), `PriorQuantiles`, `FactorizedPosterior` and `ClassConditional`. Fails for invalid options; `build` fails
 * with the network's error.
 */
export const services = (description: Description): Effect.Effect<Context.Context<Model>, ModelError> => {
  const { build, choices, classes, factorized, infiniteKl, latent, likelihood, options, prior, problem, tag } =
    description
  const refusal = (reason: string): ModelError => new ModelError({ model: tag, reason })
  if (problem !== undefined) return Effect.fail(refusal(problem))
  const alone = Context.make(Model, {
    spec: { _tag: tag, ...options },
    latent,
    prior: prior.name,
    levels: likelihood.levels,
    infiniteKl,
    schedules: description.schedules ?? {},
    build: (image) => Effect.fromResult(Result.mapError(build(image), ({ message }) => refusal(message)))
  })
  const withPrior = prior.quantiles === undefined ? alone : Context.add(alone, PriorQuantiles, prior.quantiles)
  const withPosterior = factorized ? Context.add(withPrior, FactorizedPosterior, { latent }) : withPrior
  const model: Context.Context<Model> =
    choices === undefined
      ? Context.add(withPosterior, ContinuousLatent, { latent })
      : Context.add(withPosterior, DiscreteLatent, Struct.pick(choices, ["variables", "categories", "shared"]))
  if (classes !== undefined) return Effect.succeed(Context.add(model, ClassConditional, { classes }))
  const planar = latent === 2 && choices === undefined && description.planar !== false
  return Effect.succeed(planar ? Context.add(model, PlanarLatent, { latent: 2 }) : model)
}

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
