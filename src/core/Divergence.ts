/**
 * The KL divergence from the posterior to the prior: exact if the pair has a closed form, otherwise a Monte Carlo
 * estimate with the drawn codes.
 *
 * They are reported under different names, `kl` and `kl-estimate`: an estimate has the same expectation, but varies
 * with the noise and may be negative for a single example.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Drawn, PosteriorDistribution } from "./Posterior.ts"
import type { PriorDistribution } from "./Prior.ts"

/** The names of a reported divergence. */
export const divergenceNames = ["kl", "kl-estimate"] as const

/** A divergence in nats, `[batch]`, and the name that tells exact from estimated. */
export interface Divergence {
  readonly name: (typeof divergenceNames)[number]
  readonly value: tf.Tensor1D
  /** Its parts, of a model with several groups of codes, from the group next to the image upwards. */
  readonly groups?: ReadonlyArray<tf.Tensor1D>
}

/** The codes of `noise` `[draws * batch, latent]`, with their density if the posterior has one. */
export const drawCodes = (posterior: PosteriorDistribution, noise: tf.Tensor2D): Drawn => {
  if (posterior.draw !== undefined) return posterior.draw(noise)
  const codes = posterior.sample(noise)
  const { logProb } = posterior
  return { codes, ...(logProb !== undefined && { logProb: () => logProb(codes) }) }
}

/** `log q(z | x) - log p(z)` at the drawn codes, `[rows]`: an unbiased estimate of the divergence per draw. */
const logRatio = ({ codes, logProb }: Drawn, prior: PriorDistribution): tf.Tensor1D | undefined =>
  logProb === undefined ? undefined : tf.sub(logProb(), prior.logProb(codes))

/** The means over an example's draws, `[batch]` from `[draws * batch]`. */
const meanOverDraws = (values: tf.Tensor1D, batch: number): tf.Tensor1D =>
  values.shape[0] === batch ? values : tf.mean<tf.Tensor1D>(tf.reshape(values, [-1, batch]), 0)

/** The sum of the groups' divergences: exact for one group, else estimated at the codes above. */
const ofGroups = (groups: ReadonlyArray<tf.Tensor1D>): Divergence => {
  const value = groups.reduce((sum, group) => tf.add(sum, group))
  return groups.length === 1 ? { name: "kl", value } : { name: "kl-estimate", value, groups }
}

/**
 * `KL(q(z | x) || p(z))`; an estimate is the mean of `log q(z | x) - log p(z)` over an example's draws, or of the sum of
 * the groups' divergences. Undefined for a posterior without a density, whose divergence is infinite.
 */
export const divergence = (
  posterior: PosteriorDistribution,
  prior: PriorDistribution,
  drawn: Drawn
): Divergence | undefined => {
  const exact = prior.kl?.(posterior)
  if (exact !== undefined) return { name: "kl", value: exact }
  const batch = posterior.mean.shape[0]
  if (drawn.klByGroup !== undefined) return ofGroups(drawn.klByGroup().map((kl) => meanOverDraws(kl, batch)))
  const ratio = logRatio(drawn, prior)
  return ratio === undefined ? undefined : { name: "kl-estimate", value: meanOverDraws(ratio, batch) }
}

/** The divergence among an objective's terms, under its name, and its groups as `kl-group1` and so on. */
export const divergenceTerm = (found: Divergence | undefined): { readonly [name: string]: tf.Tensor1D } =>
  found === undefined
    ? {}
    : {
        [found.name]: found.value,
        ...Object.fromEntries((found.groups ?? []).map((kl, index) => [`kl-group${index + 1}`, kl]))
      }
