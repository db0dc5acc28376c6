import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Record } from "effect"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { ContinuousLatent } from "../../../src/core/Model.ts"
import { Objective, ObjectiveError, type Terms } from "../../../src/core/Objective.ts"
import * as BetaElbo from "../../../src/core/objectives/BetaElbo.ts"
import * as FactorVae from "../../../src/core/objectives/FactorVae.ts"
import { Adam } from "../../../src/core/optimizers/Adam.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { standardNormal } from "../../../src/core/priors/StandardNormal.ts"
import type { HostTensors, Tensors } from "../../../src/core/Tensors.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import {
  assertClose,
  assertGradients,
  gradients,
  normalValues,
  read,
  timeAt,
  toTensor,
  toTensors,
  uniformValues
} from "../../../src/testing/TensorProbe.ts"

objectiveContract("FactorVae", FactorVae.layer({ gamma: 3, hidden: [5, 4] }), { constant: ["discriminator-loss"] })

const hidden = [5]
const offered = Layer.succeed(ContinuousLatent, { latent: 2 })
const objectiveOf = (options: FactorVae.FactorVaeOptions) =>
  Effect.provide(Objective, Layer.provide(FactorVae.layer(options), offered), { local: true })

const inputs: HostTensors = {
  images: uniformValues(1, "images", [4, 1, 1, 1]),
  mean: normalValues(1, "mean", [4, 2]),
  logVariance: normalValues(1, "logVariance", [4, 2]),
  noise: normalValues(1, "noise", [4, 2])
}

const own = Effect.map(objectiveOf({ gamma: 1, hidden }), ({ parameters }) =>
  Record.map(parameters!(2), ({ shape }, name) => normalValues(2, name, shape, 0.5))
)

const termsAt = (gamma: number, at: Tensors, parameters: Tensors): Terms =>
  FactorVae.terms({ gamma, hidden })({
    images: at["images"] as tf.Tensor4D,
    posterior: LogVarianceGaussian().fromHeads([at["mean"] as tf.Tensor2D, at["logVariance"] as tf.Tensor2D]),
    prior: standardNormal,
    priorCodes: () => assert.fail("it asked for codes of the prior"),
    examples: 4,
    noise: at["noise"] as tf.Tensor2D,
    time: timeAt(1),
    own: { parameters, noise: { permutation: toTensor(uniformValues(1, "permutation", [4, 2])) } },
    decode: (codes) => BernoulliLogits().fromOutput(tf.reshape(tf.sum(codes, 1), [-1, 1, 1, 1]))
  })

describe("FactorVae", () => {
  it.effect("with gamma 0 is the ELBO, whatever the discriminator", () =>
    Effect.gen(function* () {
      const parameters = yield* own
      const { elbo, loss } = read(() => {
        const at = toTensors(inputs)
        const elbo = BetaElbo.terms({ beta: 1 })({
          images: at["images"] as tf.Tensor4D,
          posterior: LogVarianceGaussian().fromHeads([at["mean"] as tf.Tensor2D, at["logVariance"] as tf.Tensor2D]),
          prior: standardNormal,
          priorCodes: () => assert.fail("it asked for codes of the prior"),
          examples: 4,
          noise: at["noise"] as tf.Tensor2D,
          time: timeAt(1),
          decode: (codes) => BernoulliLogits().fromOutput(tf.reshape(tf.sum(codes, 1), [-1, 1, 1, 1]))
        })
        return { elbo: elbo.loss, loss: termsAt(0, at, toTensors(parameters)).loss }
      })
      assertClose(loss.values, elbo.values, 1e-6)
    })
  )

  it.effect("adds gamma times the discriminator's log ratio, and a discriminator of 0 cannot tell: log 2", () =>
    Effect.gen(function* () {
      const parameters = yield* own
      const found: Readonly<Record<string, { readonly values: Float32Array }>> = read(() => {
        const at = toTensors(inputs)
        const some = termsAt(3, at, toTensors(parameters))
        const none = termsAt(3, at, Record.map(toTensors(parameters), tf.zerosLike))
        return {
          loss: some.loss,
          expected: tf.addN([some.reconstruction, some.kl!, tf.mul(some["total-correlation"]!, 3)]),
          ratio: none["total-correlation"]!,
          entropy: none["discriminator-loss"]!
        } as Record<string, tf.Tensor>
      })
      assertClose(found["loss"]!.values, found["expected"]!.values, 1e-5)
      assertClose(found["ratio"]!.values, [0, 0, 0, 0], 0)
      assertClose(found["entropy"]!.values, new Float32Array(4).fill(Math.LN2), 1e-6)
    })
  )

  it.effect("trains the discriminator by its cross entropy alone, and the codes by the penalty alone", () =>
    Effect.gen(function* () {
      const parameters = yield* own
      const byLoss = gradients((own) => termsAt(3, toTensors(inputs), own).loss, parameters)
      const byEntropy = gradients((own) => termsAt(3, toTensors(inputs), own)["discriminator-loss"]!, parameters)
      for (const [name, { values }] of Object.entries(byEntropy)) {
        assertClose(byLoss[name]!.values, values, 1e-5, name)
        assert.isTrue(values.some((value) => value !== 0))
      }
      assertGradients((own) => termsAt(3, toTensors(inputs), own)["discriminator-loss"]!, parameters)
      const { images, noise, ...codes } = inputs
      const noGradient = gradients(
        (codes) =>
          termsAt(3, { ...codes, ...toTensors({ images: images!, noise: noise! }) }, toTensors(parameters))[
            "discriminator-loss"
          ]!,
        codes as { mean: (typeof inputs)[string]; logVariance: (typeof inputs)[string] }
      )
      for (const { values } of Object.values(noGradient)) assertClose(values, new Float32Array(8), 0)
    })
  )

  it("learns the total correlation of correlated Gaussians", () => {
    // N(0, [[1, ρ], [ρ, 1]]) has the total correlation -½ log(1 - ρ²).
    const rho = 0.8
    const batch = 64
    const [options, optimizer] = [{ gamma: 1, hidden: [16, 16] }, Adam({ learningRate: 0.01 })]
    const objective = Effect.runSync(objectiveOf(options))
    let parameters: HostTensors = Record.map(objective.parameters!(2), ({ shape }, name) =>
      normalValues(3, name, shape, 0.3)
    )
    let state: HostTensors = Record.map(optimizer.state(parameters), ({ shape }, name) =>
      normalValues(1, name, shape, 0)
    )
    const estimates: Array<number> = []
    for (let step = 1; step <= 200; step++) {
      const drawn = normalValues(step, "codes", [batch, 2]).values
      const codes = Float32Array.from(drawn, (value, place) =>
        place % 2 === 0 ? value : rho * drawn[place - 1]! + Math.sqrt(1 - rho ** 2) * value
      )
      const termsOf = (own: Tensors): Terms =>
        FactorVae.terms(options)({
          images: tf.zeros([batch, 1, 1, 1]),
          posterior: LogVarianceGaussian().fromHeads([tf.tensor2d(codes, [batch, 2]), tf.fill([batch, 2], -20)]),
          prior: standardNormal,
          priorCodes: () => assert.fail("it asked for codes of the prior"),
          examples: batch,
          noise: tf.zeros([batch, 2]),
          time: timeAt(step),
          own: { parameters: own, noise: { permutation: toTensor(uniformValues(step, "permutation", [batch, 2])) } },
          decode: (codes) => BernoulliLogits().fromOutput(tf.zeros([codes.shape[0], 1, 1, 1]))
        })
      const gradient = gradients((own) => tf.div(termsOf(own)["discriminator-loss"]!, batch), parameters)
      const { estimate, ...next } = read((): Record<string, tf.Tensor> => {
        const estimate = tf.mean(termsOf(toTensors(parameters))["total-correlation"]!)
        const updated = optimizer.update({
          parameters: toTensors(parameters),
          gradients: Record.map(gradient, ({ shape, values }) => toTensor({ shape, values, dtype: "float32" })),
          state: toTensors(state),
          ...timeAt(step)
        })
        return {
          estimate,
          ...Record.mapKeys(updated.parameters as Record<string, tf.Tensor>, (name) => `parameters ${name}`),
          ...Record.mapKeys(updated.state as Record<string, tf.Tensor>, (name) => `state ${name}`)
        }
      })
      const kept = (prefix: string): HostTensors =>
        Object.fromEntries(
          Object.entries(next).flatMap(([name, { shape, values }]) =>
            name.startsWith(prefix) ? [[name.slice(prefix.length), { shape, values, dtype: "float32" as const }]] : []
          )
        )
      parameters = kept("parameters ")
      state = kept("state ")
      estimates.push(estimate!.values[0]!)
    }
    const last = estimates.slice(-50)
    assert.closeTo(last.reduce((sum, value) => sum + value, 0) / last.length, -0.5 * Math.log(1 - rho ** 2), 0.15)
  })

  it.effect("brings its discriminator with an optimiser of its own, the paper's by default", () =>
    Effect.gen(function* () {
      const { noise, parameters, spec } = yield* objectiveOf({ gamma: 5 })
      const all = Object.values(parameters!(10))
      assert.lengthOf(all, 14)
      for (const { optimizer } of all) {
        assert.deepStrictEqual(optimizer?.spec, Adam({ learningRate: 1e-4, beta1: 0.5, beta2: 0.9 }).spec)
      }
      assert.deepStrictEqual(noise!(10), { permutation: { distribution: "uniform", shape: [10] } })
      assert.deepStrictEqual(spec["hidden"], [1000, 1000, 1000, 1000, 1000, 1000])
    })
  )

  it.effect.each<[FactorVae.FactorVaeOptions, string]>([
    [{ gamma: -1 }, "gamma is -1; it must be a non-negative number"],
    [{ gamma: 1, hidden: [10, 0] }, "hidden[1] is 0; it must be a positive integer"],
    [{ gamma: 1, optimizer: Adam({ learningRate: 0 }) }, "optimizer: learningRate is 0; it must be above 0"]
  ])("refuses %j", ([options, reason]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(Layer.provide(FactorVae.layer(options), offered))))
      assertFailure(result, new ObjectiveError({ objective: "FactorVae", reason }))
    })
  )
})
