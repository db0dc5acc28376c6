/**
 * The options that all models of this folder have: posterior, likelihood, prior, initialisation.
 */
import type { Likelihood } from "../Likelihood.ts"
import { BernoulliLogits } from "../likelihoods/BernoulliLogits.ts"
import type { Module } from "../Network.ts"
import { type DenseInitializer, denseInitializers } from "../networks/Dense.ts"
import { choiceProblem, countProblem } from "../OptionProblem.ts"
import type { Posterior } from "../Posterior.ts"
import { LogVarianceGaussian } from "../posteriors/LogVarianceGaussian.ts"
import type { Prior } from "../Prior.ts"
import { StandardNormal } from "../priors/StandardNormal.ts"
import { UniformCategorical } from "../priors/UniformCategorical.ts"
import { type Json, nonFinite } from "../Spec.ts"

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

/** The error of the modules' options that is visible before their input is known; undefined if there is none. */
export const modulesProblem = (parts: Readonly<Record<string, ReadonlyArray<Module>>>): string | undefined => {
  for (const [name, members] of Object.entries(parts)) {
    const found = nonFinite(members.map(({ spec }) => spec))
    if (found !== undefined) return `${name}${found.path} is ${found.value}; it must be a finite number`
  }
  return undefined
}

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
