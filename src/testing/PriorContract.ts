/**
 * The contract of priors as tests: `priorContract("Mine", Mine({ components: 3 }))`.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Record } from "effect"
import type { PosteriorDistribution } from "../core/Posterior.ts"
import { LogVarianceGaussian } from "../core/posteriors/LogVarianceGaussian.ts"
import type { Prior, PriorDistribution, PriorSizes } from "../core/Prior.ts"
import { normal, uniform } from "../core/Random.ts"
import { canonicalJson } from "../core/Spec.ts"
import { float32, type HostTensors, type Tensors } from "../core/Tensors.ts"
import {
  assertClose,
  assertFinite,
  assertGradients,
  constantValues,
  gradients,
  integers,
  normalValues,
  read,
  Seed,
  toTensor,
  toTensors,
  uniformValues
} from "./TensorProbe.ts"

export interface PriorContractOptions {
  /** Codes between minus this and this must have finite densities and gradients. Default: 1000. */
  readonly extreme?: number
  /** Distance of the quadrature points of a plane's density; default: 0.1. */
  readonly mesh?: number
}

const image = { height: 2, width: 2, channels: 1 }
const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Initial parameters of the prior, perturbed so that none is 0. */
const parametersAt = (prior: Prior, sizes: PriorSizes, seed: number): HostTensors =>
  Record.map(prior.parameters(sizes), ({ initializer, shape }, name) => {
    const first = initializer.draw(shape, (count) => uniform({ seed, stream: name, step: 0 }, count))
    const shift = normalValues(seed, `shift/${name}`, shape, 0.3).values
    return float32(
      shape,
      Float32Array.from(first, (value, index) => value + shift[index]!)
    )
  })

/** A linear encoder with a Gaussian posterior. */
const encoder =
  (latent: number) =>
  (images: tf.Tensor4D): PosteriorDistribution => {
    const head = (name: string): tf.Tensor2D =>
      tf.matMul(tf.reshape(images, [images.shape[0], 4]), toTensor(normalValues(7, name, [4, latent]))) as tf.Tensor2D
    return LogVarianceGaussian().fromHeads([head("mean"), head("log-variance")])
  }

/** Registers the contract's tests. */
export const priorContract = (name: string, prior: Prior, options: PriorContractOptions = {}): void => {
  const { extreme = 1000, mesh = 0.1 } = options
  const { hasFullSupport = true } = prior
  const sizes = { seed: Seed, rows: integers(1, 5), latent: integers(2, 4) }

  const distribution = (parameters: Tensors, latent: number): PriorDistribution =>
    prior.distribution(parameters, { latent, image, encode: encoder(latent) })
  const at = (seed: number, latent: number): PriorDistribution =>
    distribution(toTensors(parametersAt(prior, { latent, image }, seed)), latent)

  const codesAt = (seed: number, rows: number, latent: number, p: PriorDistribution): tf.Tensor2D =>
    p.sample({
      normal: toTensor(normalValues(seed, "noise", [rows, latent])),
      uniform: toTensor(uniformValues(seed, "component", [rows]))
    })

  describe(`${name}, a prior`, () => {
    it("describes itself", () => {
      assert.isString(prior.spec._tag)
      assert.deepStrictEqual(JSON.parse(canonicalJson(prior.spec)), prior.spec)
      assert.isUndefined(prior.problem)
      assert.isUndefined(prior.problemFor?.({ latent: 2, image }))
      assert.isAbove(prior.name.length, 0)
    })

    it.prop("draws codes [rows, latent] with finite log densities [rows]", sizes, ({ seed, rows, latent }) => {
      const found = read(() => {
        const p = at(seed, latent)
        const codes = codesAt(seed, rows, latent, p)
        return { codes, logProb: p.logProb(codes) }
      })
      assertFinite(found)
      assert.deepStrictEqual([found.codes.shape, found.logProb.shape], [[rows, latent], [rows]])
    })

    it.prop("a code's density does not depend on the other rows", sizes, ({ seed, rows, latent }) => {
      const codes = read(() => ({ codes: codesAt(seed, rows, latent, at(seed, latent)) })).codes.values
      const together = read(() => ({ logProb: at(seed, latent).logProb(tf.tensor2d(codes, [rows, latent])) }))
      const each = Array.from({ length: rows }, (_, row) => {
        const code = codes.slice(row * latent, (row + 1) * latent)
        return read(() => ({ logProb: at(seed, latent).logProb(tf.tensor2d(code, [1, latent])) })).logProb.values[0]!
      })
      assertClose(together.logProb.values, each, 1e-5, "log density")
    })

    it("is a distribution: the density of a plane integrates to the fraction of samples there", () => {
      const side = Math.ceil(24 / mesh)
      const coordinate = (index: number): number => (index + 0.5) * mesh - 12
      const points = Float32Array.from({ length: 2 * side * side }, (_, place) =>
        coordinate(place % 2 === 0 ? Math.floor(place / 2 / side) : Math.floor(place / 2) % side)
      )
      const densities = read(() => ({
        logProb: at(1, 2).logProb(tf.tensor2d(points, [side * side, 2]))
      })).logProb.values.map(Math.exp)
      // The mass below each threshold of the first dimension.
      const cumulative: Array<number> = [0]
      for (let row = 0; row < side; row++) {
        const mass = densities.slice(row * side, (row + 1) * side).reduce((sum, density) => sum + density, 0)
        cumulative.push(cumulative.at(-1)! + mass * mesh * mesh)
      }
      const draws = 4000
      const { codes } = read(() => ({ codes: codesAt(1, draws, 2, at(1, 2)) }))
      // A flow may exceed the square of the quadrature.
      const first = Array.from({ length: draws }, (_, row) => row)
        .filter((row) => Math.max(Math.abs(codes.values[2 * row]!), Math.abs(codes.values[2 * row + 1]!)) < 12)
        .map((row) => codes.values[2 * row]!)
      if (first.length === draws) assert.closeTo(cumulative.at(-1)!, 1, 2e-3)
      const below = (border: number): number => first.filter((value) => value < border).length / draws
      // Kolmogorov and Smirnov: beyond 1.95 / sqrt(draws) by chance once in a thousand draws.
      cumulative.forEach((share, row) =>
        assert.closeTo(below(row * mesh - 12), share, 1.95 / Math.sqrt(draws) + 2e-3, `at ${row * mesh - 12}`)
      )
    })

    it("has gradients by codes and parameters that agree with finite differences", () => {
      if (!hasFullSupport) return
      for (const seed of [1, 2]) {
        const parameters = parametersAt(prior, { latent: 3, image }, seed)
        const codes = normalValues(seed, "codes", [2, 3])
        assertGradients(({ codes, ...parameters }) => distribution(parameters, 3).logProb(codes as tf.Tensor2D), {
          ...parameters,
          codes
        })
      }
    })

    it(`gives finite log densities and gradients for codes of ±${extreme}`, () => {
      if (!hasFullSupport) return
      for (const size of [-extreme, extreme]) {
        const parameters = parametersAt(prior, { latent: 3, image }, 1)
        const codes = constantValues([2, 3], size)
        assertFinite(read(() => ({ logProb: at(1, 3).logProb(toTensor(codes)) })))
        assertFinite(
          gradients(({ codes, ...parameters }) => distribution(parameters, 3).logProb(codes as tf.Tensor2D), {
            ...parameters,
            codes
          })
        )
      }
    })

    it("agrees with a Monte Carlo estimate of E_q[log q - log p] if it has a closed form", () => {
      const draws = 20_000
      const head = (value: number): tf.Tensor2D => tf.fill([draws, 2], value)
      const noise = normal({ seed: 1, stream: "noise", step: 0 }, 2 * draws)
      const found = read((): { readonly [name: string]: tf.Tensor } => {
        const posterior = LogVarianceGaussian().fromHeads([head(0.4), head(-0.7)])
        const p = at(1, 2)
        const kl = p.kl?.(posterior)
        if (kl === undefined) return {}
        const codes = posterior.sample(tf.tensor2d(noise, [draws, 2]))
        return { kl, ratio: tf.sub(posterior.logProb!(codes), p.logProb(codes)) }
      })
      if (found["kl"] === undefined) return
      const ratios = found["ratio"]!.values
      const estimate = mean(ratios)
      const error = Math.sqrt(mean(ratios.map((value) => (value - estimate) ** 2)) / draws)
      assert.closeTo(estimate, found["kl"].values[0]!, 5 * error + 1e-5)
    })

    it("has quantiles that invert the cumulative distribution, if any", () => {
      const { quantiles } = prior
      if (quantiles === undefined) return
      for (const share of [0.01, 0.3, 0.5, 0.77, 0.99]) {
        assert.closeTo(quantiles.cumulative(quantiles.quantile(share)), share, 1e-9)
      }
      const draws = 4000
      const { codes } = read(() => ({ codes: codesAt(2, draws, 2, at(2, 2)) }))
      const below = codes.values.filter((value) => value < quantiles.quantile(0.3)).length / codes.values.length
      assert.closeTo(below, 0.3, 0.03)
    })
  })
}
