/**
 * The subject of `posteriorContract`: a posterior family's distributions for given values of its heads.
 */
import { assert } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import { drawCodes } from "../../core/Divergence.ts"
import type { Posterior, PosteriorDistribution } from "../../core/Posterior.ts"
import { type HostTensor } from "../../core/Tensors.ts"
import { integers, normalValues, Seed, toTensor } from "../TensorProbe.ts"

export interface PosteriorContractOptions {
  /** The value of each head at which the posterior is the prior; absent for a family that does not contain it. */
  readonly prior?: ReadonlyArray<number>
  /** Heads between minus this and this must give finite values and gradients. */
  readonly extreme?: number
  /** Values of every head but the first, in units of `extreme`, that must be survived; -1; default: 0 and 1. */
  readonly scales?: ReadonlyArray<number>
  /** Whether a code is `mean + deviation noise`, dimension by dimension. Default: `true`. */
  readonly diagonal?: boolean
  /** Whether noise may be turned round before it is added, as by a scale below 0; default: `false`. */
  readonly signed?: boolean
}

/** A posterior with its density and its closed-form divergence to N(0, I). */
export type Dense = PosteriorDistribution & Required<Pick<PosteriorDistribution, "kl" | "logProb">>

/** Sizes and seeds of generated heads. */
export const sizes = { seed: Seed, batch: integers(1, 6), latent: integers(1, 5) }

/** The distributions of one posterior family. */
export interface PosteriorProbe {
  readonly posterior: Posterior
  readonly hasDensity: boolean
  /** Whether it knows the density of its own codes alone, and no divergence in closed form. */
  readonly ownDensity: boolean
  /** The heads that a model of so many latent dimensions has, with their widths. */
  readonly headsOf: (latent: number) => ReadonlyArray<{ readonly head: string; readonly width: number }>
  /** Codes drawn with `noise`, and `logProb` and `kl` where the family has them. */
  readonly look: (q: PosteriorDistribution, noise: tf.Tensor2D) => Record<string, tf.Tensor>
  /** A head's value at the prior; 0 for a family that does not contain the prior. */
  readonly centre: (head: number) => number
  /** Heads scattered widely enough to reach both sides of any threshold. */
  readonly headsAt: (seed: number, batch: number, latent: number, scale?: number) => Record<string, HostTensor>
  readonly distribution: (heads: Readonly<Record<string, tf.Tensor>>) => PosteriorDistribution
  /** The same from host tensors. */
  readonly at: (heads: Readonly<Record<string, HostTensor>>) => PosteriorDistribution
  /** The distribution with its density, for families that have one. */
  readonly densityOf: (heads: Readonly<Record<string, tf.Tensor>>) => Dense
  /** The same from host tensors. */
  readonly densityAt: (heads: Readonly<Record<string, HostTensor>>) => Dense
}

/** `prior` has the value of each head at which the posterior is the prior. */
export const makeProbe = (posterior: Posterior, prior: ReadonlyArray<number> | undefined): PosteriorProbe => {
  const hasDensity = posterior.hasDensity ?? true
  const ownDensity = posterior.densityOfOwnCodes === true
  const centre = (index: number): number => prior?.[index] ?? 0

  const headsOf: PosteriorProbe["headsOf"] = (latent) =>
    posterior.heads
      .map((head) => ({ head, width: posterior.width?.(head, latent) ?? latent }))
      .filter(({ width }) => width > 0)

  const headsAt = (seed: number, batch: number, latent: number, scale = 2): Record<string, HostTensor> =>
    Object.fromEntries(
      headsOf(latent).map(({ head, width }) => [head, normalValues(seed, head, [batch, width], scale)])
    )

  const distribution = (heads: Readonly<Record<string, tf.Tensor>>): PosteriorDistribution => {
    const latent = heads[posterior.heads[0]!]!.shape[1]!
    return posterior.fromHeads(
      headsOf(latent).map(({ head }) => heads[head] as tf.Tensor2D),
      Record.map(posterior.parameters?.(latent) ?? {}, ({ shape }, name) =>
        toTensor(normalValues(1, `parameter/${name}`, shape, 0.3))
      )
    )
  }

  const look = (q: PosteriorDistribution, noise: tf.Tensor2D): Record<string, tf.Tensor> => {
    const { codes, logProb } = drawCodes(q, noise)
    assert.strictEqual(logProb !== undefined, hasDensity)
    return { codes, ...(logProb && { logProb: logProb() }), ...(q.kl && { kl: q.kl() }) }
  }

  const at = (heads: Readonly<Record<string, HostTensor>>): PosteriorDistribution =>
    distribution(Object.fromEntries(Object.entries(heads).map(([head, values]) => [head, toTensor(values)])))

  const densityOf = (heads: Readonly<Record<string, tf.Tensor>>): Dense => {
    const { kl, logProb, ...rest } = distribution(heads)
    assert.isDefined(kl)
    assert.isDefined(logProb)
    return { ...rest, kl: kl!, logProb: logProb! }
  }

  const densityAt = (heads: Readonly<Record<string, HostTensor>>): Dense =>
    densityOf(Object.fromEntries(Object.entries(heads).map(([head, values]) => [head, toTensor(values)])))
  return {
    posterior,
    hasDensity,
    ownDensity,
    headsOf,
    look,
    centre,
    headsAt,
    distribution,
    at,
    densityOf,
    densityAt
  }
}
