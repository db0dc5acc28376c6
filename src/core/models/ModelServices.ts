/**
 * The services that the models of this folder provide, depending on their options.
 */
import { Context, Effect, Result, Struct } from "effect"
import type { ImageShape } from "../Dataset.ts"
import type { Likelihood } from "../Likelihood.ts"
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
import type { NetworkError } from "../Network.ts"
import type { ChoiceSpace, ContinuousFamily, DiscreteFamily, FactorizedFamily, Posterior } from "../Posterior.ts"
import { type Prior, PriorQuantiles, type QuantilePrior } from "../Prior.ts"
import type { Schedule } from "../Schedule.ts"
import type { Json } from "../Spec.ts"
import type { Choices } from "./ModelOptions.ts"

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

/** Why the KL divergence from the posterior to the prior is infinite; undefined if it is finite. */
export const infiniteKl = ({ posterior, prior }: Pick<Choices, "posterior" | "prior">): string | undefined => {
  if (posterior.hasDensity === false) return "they have no noise"
  return prior.hasFullSupport === false ? `the prior is ${prior.name}, which some codes leave` : undefined
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
