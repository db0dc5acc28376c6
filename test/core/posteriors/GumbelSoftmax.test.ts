import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Record } from "effect"
import { concreteLogProb, gumbelNoise } from "../../../src/core/Concrete.ts"
import { divergence, drawCodes } from "../../../src/core/Divergence.ts"
import { Model } from "../../../src/core/Model.ts"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import type { PosteriorDistribution } from "../../../src/core/Posterior.ts"
import { GumbelSoftmax, type GumbelSoftmaxOptions } from "../../../src/core/posteriors/GumbelSoftmax.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { PlanarFlow } from "../../../src/core/posteriors/PlanarFlow.ts"
import { MixtureOfGaussians } from "../../../src/core/priors/MixtureOfGaussians.ts"
import { UniformCategorical } from "../../../src/core/priors/UniformCategorical.ts"
import * as Schedule from "../../../src/core/Schedules.ts"
import { discretePosteriorContract } from "../../../src/testing/DiscretePosteriorContract.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import {
  assertClose,
  assertGradients,
  gradients,
  normalValues,
  read,
  timeAt,
  toTensor
} from "../../../src/testing/TensorProbe.ts"

discretePosteriorContract("GumbelSoftmax", GumbelSoftmax({ categories: 3, temperature: 0.7 }), { latent: 6 })
discretePosteriorContract("GumbelSoftmax of one category", GumbelSoftmax({ categories: 1, temperature: 0.5 }), {
  latent: 2
})
discretePosteriorContract(
  "GumbelSoftmax, annealed, straight through",
  GumbelSoftmax({
    categories: 4,
    temperature: Schedule.exponential({ from: 1, to: 0.5, epochs: 10 }),
    straightThrough: true
  }),
  { latent: 8 }
)
modelContract(
  "DenseVae with categorical codes",
  DenseVae.layer({ hidden: [5], latent: 4, posterior: GumbelSoftmax({ categories: 2, temperature: 0.8 }) })
)
modelContract(
  "DenseVae with relaxed codes and a relaxed prior",
  DenseVae.layer({
    hidden: [5],
    latent: 2,
    posterior: GumbelSoftmax({ categories: 2, temperature: 0.8 }),
    prior: UniformCategorical({ divergence: "relaxed", temperature: 0.6 })
  })
)

const logits = [0.5, -1, 2, 0.1, 0.4, -0.3]
const at = (options: GumbelSoftmaxOptions, training: boolean): PosteriorDistribution =>
  GumbelSoftmax(options).fromHeads([tf.tensor2d(logits, [1, 6])], {}, training ? timeAt(1) : undefined)
const noise = (): tf.Tensor2D => toTensor(normalValues(1, "noise", [1, 6]))

describe("GumbelSoftmax", () => {
  it("has Gumbel noise, whose mean is Euler's constant and whose variance is π² / 6", () => {
    const { gumbel } = read(() => ({ gumbel: gumbelNoise(toTensor(normalValues(1, "normal", [100_000]))) }))
    const mean = gumbel.values.reduce((sum, value) => sum + value, 0) / 100_000
    const variance = gumbel.values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 100_000
    assert.closeTo(mean, 0.5772, 0.02)
    assert.closeTo(variance, Math.PI ** 2 / 6, 0.05)
  })

  it("is finite for noise of any size", () => {
    const { gumbel } = read(() => ({ gumbel: gumbelNoise(tf.tensor1d([-40, -7, 0, 7, 40])) }))
    assertClose(gumbel.values, [-2.85, -2.85, -Math.log(Math.LN2), 17.33, 17.33], 0.01)
  })

  it("comes to the choice of evaluation as the temperature falls to 0", () => {
    const codes = read(() => ({
      hard: at({ categories: 3, temperature: 1 }, false).sample(noise()),
      cold: at({ categories: 3, temperature: 1e-3 }, true).sample(noise()),
      warm: at({ categories: 3, temperature: 1 }, true).sample(noise()),
      hot: at({ categories: 3, temperature: 1e6 }, true).sample(noise())
    }))
    assertClose(codes.cold.values, codes.hard.values, 1e-6)
    assertClose(codes.hot.values, new Float32Array(6).fill(1 / 3), 1e-4)
    for (const first of [0, 3]) {
      const variable = codes.warm.values.slice(first, first + 3)
      assert.closeTo(
        variable.reduce((sum, value) => sum + value, 0),
        1,
        1e-6
      )
      assert.strictEqual(variable.indexOf(Math.max(...variable)), codes.hard.values.slice(first, first + 3).indexOf(1))
    }
  })

  it("has gradients through relaxed codes, their density and the divergence that agree with finite differences", () => {
    const heads = { logits: normalValues(1, "logits", [2, 6]) }
    const q = ({ logits }: Record<string, tf.Tensor>) =>
      GumbelSoftmax({ categories: 3, temperature: 0.7 }).fromHeads([logits as tf.Tensor2D], {}, timeAt(1))
    const noise = () => toTensor<tf.Tensor2D>(normalValues(2, "noise", [2, 6]))
    const weights = () => toTensor<tf.Tensor2D>(normalValues(3, "weights", [2, 6]))
    assertGradients((heads) => tf.mul(q(heads).sample(noise()), weights()), heads)
    assertGradients((heads) => drawCodes(q(heads), noise()).logProb!(), heads)
    assertGradients((heads) => q(heads).choices!.klToUniform(), heads)
  })

  it("straight through, decodes choices with the gradients of relaxed codes", () => {
    const gradientOf = (straightThrough: boolean) =>
      gradients(
        ({ logits }) =>
          tf.mul(
            GumbelSoftmax({ categories: 3, temperature: 0.7, straightThrough })
              .fromHeads([logits as tf.Tensor2D], {}, timeAt(1))
              .sample(noise()),
            tf.range(0, 6)
          ),
        { logits: normalValues(1, "logits", [1, 6]) }
      ).logits.values
    assertClose(gradientOf(true), gradientOf(false), 1e-6)
    const { hard, straight } = read(() => ({
      hard: at({ categories: 3, temperature: 0.7 }, false).sample(noise()),
      straight: at({ categories: 3, temperature: 0.7, straightThrough: true }, true).sample(noise())
    }))
    assert.deepStrictEqual(straight.values, hard.values)
  })

  it("relaxed, has the concrete density, which adds up to 1", () => {
    // Of two categories: a density on the line of codes (x, 1 - x).
    const points = 20_000
    const codes = Float32Array.from({ length: 2 * points }, (_, place) => {
      const x = (Math.floor(place / 2) + 0.5) / points
      return place % 2 === 0 ? x : 1 - x
    })
    for (const temperature of [0.5, 1, 2]) {
      const { logProb } = read(() => ({
        logProb: concreteLogProb(tf.tensor2d(codes, [points, 2]), tf.tensor1d([0.3, -0.4]), temperature)
      }))
      const mass = logProb.values.reduce((sum, value) => sum + Math.exp(value) / points, 0)
      assert.closeTo(mass, 1, temperature < 1 ? 0.02 : 1e-3, `temperature ${temperature}`)
    }
    // Γ(3) τ² Π α_k z_k^(-τ - 1) / (Σ α_k z_k^-τ)³, by its definition.
    const [code, weights, temperature] = [[0.2, 0.3, 0.5], [1, 2, 0.5], 0.7]
    const product = code.reduce((total, z, k) => total * weights[k]! * z ** (-temperature - 1), 1)
    const sum = code.reduce((total, z, k) => total + weights[k]! * z ** -temperature, 0)
    const { three } = read(() => ({
      three: concreteLogProb(tf.tensor2d([code]), tf.tensor1d(weights.map(Math.log)), temperature)
    }))
    assertClose(three.values, [Math.log((2 * temperature ** 2 * product) / sum ** 3)], 1e-5)
  })

  it("beside the relaxed prior has an estimated divergence in training and an exact one in evaluation", () => {
    const options = { categories: 3, temperature: 0.7 }
    const space = GumbelSoftmax(options).space(6)
    const found = (training: boolean) => {
      let name: string | undefined
      const { value } = read(() => {
        const q = at(options, training)
        const prior = UniformCategorical({ divergence: "relaxed", temperature: 0.7 }).distribution(
          {},
          {
            latent: 6,
            image: { height: 1, width: 1, channels: 1 },
            encode: () => assert.fail("the prior encoded images"),
            time: training ? timeAt(1) : undefined,
            choices: { ...space, relaxed: training, embed: (choices) => space.embed(choices, {}) }
          }
        )
        const divergences = divergence(q, prior, drawCodes(q, noise()))!
        name = divergences.name
        return { value: divergences.value }
      })
      return { name, value: value.values[0]! }
    }
    assert.strictEqual(found(true).name, "kl-estimate")
    const exact = found(false)
    assert.strictEqual(exact.name, "kl")
    const kl = (values: ReadonlyArray<number>): number => {
      const total = values.reduce((sum, value) => sum + Math.exp(value), 0)
      return values.reduce((sum, v) => sum + (Math.exp(v) / total) * Math.log((3 * Math.exp(v)) / total), 0)
    }
    assert.closeTo(exact.value, kl(logits.slice(0, 3)) + kl(logits.slice(3)), 1e-5)
  })

  it.effect("names what is not allowed", () =>
    Effect.gen(function* () {
      const reasonOf = (options: Partial<DenseVae.DenseVaeOptions>) =>
        Effect.map(
          Effect.flip(
            Effect.scoped(
              Layer.build(
                DenseVae.layer({
                  hidden: [4],
                  latent: 6,
                  posterior: GumbelSoftmax({ categories: 3, temperature: 1 }),
                  ...options
                } as DenseVae.DenseVaeOptions)
              )
            )
          ),
          ({ reason }) => reason
        )
      const cases: Readonly<Record<string, Partial<DenseVae.DenseVaeOptions>>> = {
        "posterior: categories is 0; it must be a positive integer": {
          posterior: GumbelSoftmax({ categories: 0, temperature: 1 })
        },
        "posterior: temperature is 0; it must be above 0": {
          posterior: GumbelSoftmax({ categories: 3, temperature: 0 })
        },
        "posterior: temperature takes the value 0 in Linear; it must be above 0 at every step": {
          posterior: GumbelSoftmax({ categories: 3, temperature: Schedule.linear({ from: 1, to: 0, epochs: 2 }) })
        },
        "posterior: latent is 7; it must be a multiple of categories, 3": { latent: 7 },
        "prior: MixtureOfGaussians is a distribution of real vectors, but codes of GumbelSoftmax are choices": {
          prior: MixtureOfGaussians({ components: 2 })
        },
        "prior: UniformCategorical is a distribution of choices, but codes of LogVarianceGaussian are real vectors": {
          posterior: LogVarianceGaussian(),
          prior: UniformCategorical()
        },
        "prior: temperature is -1; it must be above 0": { prior: UniformCategorical({ temperature: -1 }) }
      }
      for (const [reason, options] of Object.entries(cases)) assert.strictEqual(yield* reasonOf(options), reason)
    })
  )

  it("is no base of a flow, by type and by a problem in words", () => {
    // @ts-expect-error a flow moves real vectors
    const { problem } = PlanarFlow({ base: GumbelSoftmax({ categories: 3, temperature: 1 }), layers: 2 })
    assert.strictEqual(problem, "base is GumbelSoftmax, whose codes are discrete; a flow moves real vectors")
  })

  it.effect("shows its temperature in the history, and has the uniform prior by default", () =>
    Effect.gen(function* () {
      const temperature = Schedule.linear({ from: 1, to: 0.5, epochs: 3 })
      const { prior, schedules } = yield* Effect.provide(
        Model,
        DenseVae.layer({ hidden: [4], latent: 6, posterior: GumbelSoftmax({ categories: 3, temperature }) })
      )
      assert.strictEqual(prior, "uniform categories")
      assert.deepStrictEqual(
        Record.map(schedules ?? {}, ({ spec }) => spec),
        { temperature: temperature.spec }
      )
    })
  )
})
