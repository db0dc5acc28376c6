import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Record } from "effect"
import { BernoulliLogits } from "../../src/core/likelihoods/BernoulliLogits.ts"
import { GaussianLikelihood } from "../../src/core/likelihoods/Gaussian.ts"
import { Adam } from "../../src/core/optimizers/Adam.ts"
import { Sgd } from "../../src/core/optimizers/Sgd.ts"
import { LogVarianceGaussian } from "../../src/core/posteriors/LogVarianceGaussian.ts"
import { SoftplusGaussian } from "../../src/core/posteriors/SoftplusGaussian.ts"
import * as ObjectivePrograms from "../../src/core/ObjectivePrograms.ts"
import * as TrainStep from "../../src/core/TrainStep.ts"
import { float32, typesOf } from "../../src/core/Tensors.ts"
import { assertClose } from "../../src/testing/TensorProbe.ts"
import {
  sizes,
  type Choices,
  assemble,
  inputsAt,
  mean,
  train,
  runOnce,
  onReference,
  onOnnxRuntime,
  assertSame,
  objectiveStub
} from "./TrainingFixture.ts"

const combinations: ReadonlyArray<readonly [string, Choices]> = (
  [
    ["log-variance", LogVarianceGaussian()],
    ["softplus", SoftplusGaussian()]
  ] as const
).flatMap(([posteriorName, posterior]) =>
  (
    [
      ["Bernoulli", BernoulliLogits()],
      ["Gaussian", GaussianLikelihood({ deviation: 0.25, output: "sigmoid" })]
    ] as const
  ).flatMap(([likelihoodName, likelihood]) =>
    (
      [
        ["Adam", Adam({ learningRate: 0.01 })],
        ["Sgd", Sgd({ learningRate: 0.01, momentum: 0.9 })]
      ] as const
    ).map(
      ([optimizerName, optimizer]) =>
        [`${posteriorName}, ${likelihoodName}, ${optimizerName}`, { posterior, likelihood, optimizer }] as const
    )
  )
)

describe("trainStep", () => {
  it.effect.each(combinations)("gives the same results on every engine: %s", ([, choices]) =>
    Effect.gen(function* () {
      const ingredients = yield* assemble(choices)
      const expected = yield* onReference(train(ingredients, 6))
      const actual = yield* onOnnxRuntime(train(ingredients, 6))
      expected.terms.forEach((terms, step) => assertSame(actual.terms[step]!, terms, 1e-4, 1e-3))
      assertSame(actual.state, expected.state, 1e-4, 1e-3)
    })
  )

  it.effect.each(combinations)("lowers the loss: %s", ([, choices]) =>
    Effect.gen(function* () {
      const { losses } = yield* onOnnxRuntime(train(yield* assemble(choices), 300))
      assert.isBelow(mean(losses.slice(-20)), mean(losses.slice(0, 20)) - 2)
    })
  )

  it.effect("takes one exact step of gradient descent on the mean loss", () =>
    Effect.gen(function* () {
      const learningRate = 0.1
      const ingredients = yield* assemble({ optimizer: Sgd({ learningRate }), beta: 2 })
      const name = "parameters/decoder/output/bias"
      const initial = TrainStep.initialState(ingredients, 1)
      const { state } = yield* onReference(train(ingredients, 1))
      const lossWith = (index: number, distance: number) =>
        Effect.gen(function* () {
          const values = Float32Array.from(initial[name]!.values)
          values[index]! += distance
          const { losses } = yield* onReference(train(ingredients, 1, { ...initial, [name]: float32([30], values) }))
          return losses[0]!
        })
      for (const index of [0, 13, 29]) {
        const slope = ((yield* lossWith(index, 0.05)) - (yield* lossWith(index, -0.05))) / 0.1
        const change = state[name]!.values[index]! - initial[name]!.values[index]!
        assert.closeTo(change, -learningRate * slope, 2e-4)
      }
    })
  )

  it.effect("returns the terms before the update, one value per example", () =>
    Effect.gen(function* () {
      const ingredients = yield* assemble({ beta: 3 })
      const { terms } = yield* onReference(train(ingredients, 1))
      const inputs = inputsAt(ingredients, 1)
      const initial = TrainStep.initialState(ingredients, 1)
      assertSame(
        yield* onReference(runOnce(ObjectivePrograms.evaluateTerms(ingredients, sizes), initial, inputs)),
        terms[0]!,
        1e-6,
        1
      )
      for (const { shape } of Object.values(terms[0]!)) assert.deepStrictEqual(shape, [sizes.batch])
      const { loss, reconstruction, kl } = Record.map(terms[0]!, ({ values }) => values)
      assertClose(
        loss!,
        reconstruction!.map((value, index) => value + 3 * kl![index]!),
        1e-6
      )
    })
  )

  it.effect("continues from a stored state bit for bit", () =>
    Effect.gen(function* () {
      const ingredients = yield* assemble({})
      const whole = yield* onOnnxRuntime(train(ingredients, 6))
      const half = yield* onOnnxRuntime(train(ingredients, 3))
      const rest = yield* onOnnxRuntime(train(ingredients, 3, half.state, 4))
      assert.deepStrictEqual(rest.state, whole.state)
      assert.deepStrictEqual([...half.losses, ...rest.losses], whole.losses)
    })
  )

  it.effect("leaves no tensors behind on the reference engine", () =>
    Effect.gen(function* () {
      const ingredients = yield* assemble({})
      yield* onReference(train(ingredients, 1))
      const before = tf.memory().numTensors
      yield* onReference(train(ingredients, 3))
      assert.strictEqual(tf.memory().numTensors, before)
    })
  )

  it.effect("does not change a parameter without influence on the loss", () =>
    Effect.gen(function* () {
      const ingredients = yield* assemble({ optimizer: Sgd({ learningRate: 0.1 }) })
      const { autoencoder } = ingredients
      const idle = {
        ...autoencoder,
        parameters: { ...autoencoder.parameters, "decoder/idle": autoencoder.parameters["decoder/output/bias"]! }
      }
      const initial = {
        ...TrainStep.initialState({ ...ingredients, autoencoder: idle }, 1),
        "parameters/decoder/idle": float32([30], new Float32Array(30).fill(7))
      }
      const { state } = yield* onReference(train({ ...ingredients, autoencoder: idle }, 1, initial))
      assert.deepStrictEqual(state["parameters/decoder/idle"], initial["parameters/decoder/idle"])
    })
  )
})

describe("initialState", () => {
  it.effect("is a function of the seed, with independent values for each parameter and zeros for the optimiser", () =>
    Effect.gen(function* () {
      const ingredients = yield* assemble({})
      const state = TrainStep.initialState(ingredients, 5)
      assert.deepStrictEqual(TrainStep.initialState(ingredients, 5), state)
      const kernels = Object.keys(state).filter((name) => /^parameters.*kernel$/.test(name))
      const other = TrainStep.initialState(ingredients, 6)
      for (const name of kernels) assert.notDeepEqual(other[name], state[name])
      assert.strictEqual(new Set(kernels.map((name) => state[name]!.values[0])).size, kernels.length)
      for (const [name, { values }] of Object.entries(state)) {
        if (name.startsWith("optimizer/")) assert.isTrue(values.every((value) => value === 0))
      }
      const { signature } = TrainStep.trainStep({ ...ingredients, objective: objectiveStub }, sizes)
      assert.deepStrictEqual(typesOf(state), signature.state)
    })
  )
})
