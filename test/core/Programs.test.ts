import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Record } from "effect"
import { Labels } from "../../src/core/Dataset.ts"
import { Engine } from "../../src/core/Engine.ts"
import * as OnnxRuntime from "../../src/core/engines/OnnxRuntime.ts"
import * as Reference from "../../src/core/engines/Reference.ts"
import type { Likelihood } from "../../src/core/Likelihood.ts"
import { BernoulliLogits } from "../../src/core/likelihoods/BernoulliLogits.ts"
import { GaussianLikelihood } from "../../src/core/likelihoods/Gaussian.ts"
import { Model } from "../../src/core/Model.ts"
import * as LookupCodes from "../../src/core/models/LookupCodes.ts"
import * as ConditionalVae from "../../src/core/models/ConditionalVae.ts"
import * as DenseVae from "../../src/core/models/DenseVae.ts"
import type { Module } from "../../src/core/Network.ts"
import { activation } from "../../src/core/networks/Activation.ts"
import { dense } from "../../src/core/networks/Dense.ts"
import { dropout } from "../../src/core/networks/Dropout.ts"
import { reshape } from "../../src/core/networks/Reshape.ts"
import { Objective } from "../../src/core/Objective.ts"
import * as BetaElbo from "../../src/core/objectives/BetaElbo.ts"
import * as ImportanceWeighted from "../../src/core/objectives/ImportanceWeighted.ts"
import type { Optimizer } from "../../src/core/Optimizer.ts"
import { Adam } from "../../src/core/optimizers/Adam.ts"
import { Sgd } from "../../src/core/optimizers/Sgd.ts"
import type { Posterior } from "../../src/core/Posterior.ts"
import { LogVarianceGaussian } from "../../src/core/posteriors/LogVarianceGaussian.ts"
import { SoftplusGaussian } from "../../src/core/posteriors/SoftplusGaussian.ts"
import * as Programs from "../../src/core/Programs.ts"
import * as TrainStep from "../../src/core/TrainStep.ts"
import { draw, permutation, uniform } from "../../src/core/Random.ts"
import { float32, type HostTensors, int32, prefixed, typesOf, uint8 } from "../../src/core/Tensors.ts"
import { assertClose } from "../../src/testing/TensorProbe.ts"

const shape = { height: 6, width: 5, channels: 1 }
const latent = 2
const count = 40
const sizes = { examples: count, batch: 8, stepsPerEpoch: 10 }

/** Bright bars on a dark ground, each in one of five columns: something to learn. */
const bytes = Uint8Array.from(
  uniform({ seed: 1, stream: "pixels", step: 0 }, count * 30),
  (noise, index) => (index % 5 === Math.floor(index / 30) % 5 ? 230 : 0) + 25 * noise
)
/** The column of each image's bar. */
const columns = Uint8Array.from({ length: count }, (_, index) => index % 5)
const dataset: HostTensors = { images: uint8([count, 6, 5, 1], bytes), labels: uint8([count], columns) }

interface Choices {
  readonly posterior?: Posterior
  readonly likelihood?: Likelihood
  readonly optimizer?: Optimizer
  readonly beta?: number
}

const assemble = Effect.fnUntraced(function* (choices: Choices) {
  const { posterior = LogVarianceGaussian(), likelihood = BernoulliLogits() } = choices
  const layers = Layer.merge(
    DenseVae.layer({ hidden: [12, 8], latent, posterior, likelihood }),
    BetaElbo.layer({ beta: choices.beta ?? 1 })
  )
  return yield* Effect.gen(function* () {
    const autoencoder = yield* (yield* Model).build(shape)
    const objective = yield* Objective
    return { autoencoder, latent, shape, objective, optimizer: choices.optimizer ?? Adam({ learningRate: 0.01 }) }
  }).pipe(Effect.provide(layers, { local: true }))
})

type Ingredients = Effect.Success<ReturnType<typeof assemble>>

/** The inputs of a step, 1 for the first. */
const inputsAt = (ingredients: Ingredients, step: number): HostTensors => ({
  indices: int32([sizes.batch], permutation({ seed: 1, stream: "shuffle", step }, count).slice(0, sizes.batch)),
  step: float32([], Float32Array.of(step)),
  ...prefixed(
    "noise/",
    Record.map(TrainStep.trainingNoise(ingredients), (type, name) =>
      draw(type, { seed: 1, stream: name, step }, sizes.batch)
    )
  )
})

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

/** Trains for some steps: the state afterwards, and the terms of each step. */
const train = Effect.fnUntraced(function* (ingredients: Ingredients, steps: number, initial?: HostTensors, first = 1) {
  const engine = yield* Engine
  const { program, signature } = TrainStep.trainStep(ingredients, sizes)
  const state = yield* engine.place(initial ?? TrainStep.initialState(ingredients, 1))
  const data = yield* engine.place(dataset)
  const executable = yield* engine.compile(program, signature)
  const terms: Array<HostTensors> = []
  for (let step = first; step < first + steps; step++) {
    terms.push(yield* executable.run({ state, data, inputs: inputsAt(ingredients, step) }))
  }
  return { state: yield* state.read, terms, losses: terms.map((term) => mean(term["loss"]!.values)) }
}, Effect.scoped)

/** Runs a program that changes nothing once, on given parameters. */
const runOnce = Effect.fnUntraced(function* (
  { program, signature }: Programs.TypedProgram,
  parameters: HostTensors,
  inputs: HostTensors
) {
  const engine = yield* Engine
  const state = yield* engine.place(parameters)
  const data = yield* engine.place("images" in signature.data ? dataset : {})
  const executable = yield* engine.compile(program, signature)
  return yield* executable.run({ state, data, inputs })
}, Effect.scoped)

const onReference = Effect.provide(Reference.layer)
const onOnnxRuntime = Effect.provide(OnnxRuntime.layer({ threads: 1 }))

/** Tensors of equal types whose difference is at most `tolerance` of the larger of `floor` and the tensor's size. */
const assertSame = (actual: HostTensors, expected: HostTensors, tolerance: number, floor: number): void => {
  assert.deepStrictEqual(typesOf(actual), typesOf(expected))
  for (const [name, { values }] of Object.entries(expected)) {
    const size = Array.from<number>(values).reduce((largest, value) => Math.max(largest, Math.abs(value)), floor)
    values.forEach((value, index) =>
      assert.closeTo(actual[name]!.values[index]!, value, tolerance * size, `${name}[${index}]`)
    )
  }
}

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
        yield* onReference(runOnce(Programs.evaluateTerms(ingredients, sizes), initial, inputs)),
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

const objectiveStub: Objective["Service"] = { spec: { _tag: "Stub" }, terms: BetaElbo.terms({ beta: 1 }) }

describe("the programs of a trained model", () => {
  it.effect("encode and decode equally on every engine", () =>
    Effect.gen(function* () {
      const ingredients = yield* assemble({ posterior: SoftplusGaussian() })
      const { state } = yield* onOnnxRuntime(train(ingredients, 20))
      const encode = Programs.encode(ingredients, sizes)
      const decode = Programs.decode(ingredients, { batch: 3 })
      const indices = { indices: int32([8], Int32Array.of(0, 0, 5, 1, 2, 3, 4, 39)) }
      const codes = { codes: float32([3, 2], Float32Array.of(0, 0, 1, -1, 3, 3)) }
      const encoded = yield* onReference(runOnce(encode, state, indices))
      const decoded = yield* onReference(runOnce(decode, state, codes))
      assertSame(yield* onOnnxRuntime(runOnce(encode, state, indices)), encoded, 1e-4, 1e-3)
      assertSame(yield* onOnnxRuntime(runOnce(decode, state, codes)), decoded, 1e-4, 1e-3)

      assert.deepStrictEqual(encoded["mean"]!.shape, [8, 2])
      assert.deepStrictEqual(encoded["mean"]!.values.slice(0, 2), encoded["mean"]!.values.slice(2, 4))
      assert.isTrue(encoded["deviation"]!.values.every((value) => value > 0))
      assert.deepStrictEqual(decoded["images"]!.shape, [3, 6, 5, 1])
      assert.isTrue(decoded["images"]!.values.every((value) => value >= 0 && value <= 1))
    })
  )
})

describe("the programs of a model that takes labels", () => {
  const conditionalWith = (...parts: ReadonlyArray<Module>) =>
    Effect.gen(function* () {
      const autoencoder = yield* (yield* Model).build(shape)
      return { autoencoder, latent, shape, objective: objectiveStub, optimizer: Adam({ learningRate: 0.01 }) }
    }).pipe(
      Effect.provide(
        ConditionalVae.layer({
          encoder: [dense(12), activation("tanh")],
          decoder: [dense(12), activation("tanh"), ...parts, dense(30), reshape([6, 5, 1])],
          latent
        }).pipe(Layer.provide(Layer.succeed(Labels, { classes: ["a", "b", "c", "d", "e"] })))
      )
    )
  const conditional = conditionalWith()

  it.effect("train equally on every engine, and lower the loss", () =>
    Effect.gen(function* () {
      const ingredients = yield* conditional
      const expected = yield* onReference(train(ingredients, 6))
      const actual = yield* onOnnxRuntime(train(ingredients, 6))
      expected.terms.forEach((terms, step) => assertSame(actual.terms[step]!, terms, 1e-4, 1e-3))
      assertSame(actual.state, expected.state, 1e-4, 1e-3)
      const { losses } = yield* onOnnxRuntime(train(ingredients, 200))
      assert.isBelow(mean(losses.slice(-20)), mean(losses.slice(0, 20)) - 2)
    })
  )

  it.effect("draw several codes per example, each with the example's label and its own noise", () =>
    Effect.gen(function* () {
      const draws = 3
      const objective = { spec: { _tag: "Stub" }, draws, terms: ImportanceWeighted.terms({ samples: draws }) }
      const noisy = { ...(yield* conditionalWith(dropout(0.3))), objective }
      const onOne = yield* onReference(train(noisy, 6))
      const onOther = yield* onOnnxRuntime(train(noisy, 6))
      onOne.terms.forEach((terms, step) => assertSame(onOther.terms[step]!, terms, 1e-4, 1e-3))
      assertSame(onOther.state, onOne.state, 1e-4, 1e-3)

      const elbo = yield* conditional
      const ingredients = { ...elbo, objective }
      const { terms } = yield* onReference(train(ingredients, 1))
      const inputs = inputsAt(ingredients, 1)
      const noise = inputs["noise/posterior"]!
      assert.deepStrictEqual(noise.shape, [sizes.batch, draws * latent])
      const initial = TrainStep.initialState(elbo, 1)
      const single = yield* Effect.forEach([0, 1, 2], (draw) => {
        const values = noise.values.filter((_, place) => Math.floor(place / latent) % draws === draw) as Float32Array
        return onReference(
          runOnce(Programs.evaluateTerms(elbo, sizes), initial, {
            indices: inputs["indices"]!,
            step: inputs["step"]!,
            "noise/posterior": float32([sizes.batch, latent], values)
          })
        )
      })
      assertClose(
        terms[0]!["reconstruction"]!.values,
        Array.from({ length: sizes.batch }, (_, example) =>
          mean(single.map(({ reconstruction }) => reconstruction!.values[example]!))
        ),
        1e-5
      )
    })
  )

  it.effect("take an image's label from the data, or from the inputs", () =>
    Effect.gen(function* () {
      const ingredients = yield* conditional
      const { state } = yield* onOnnxRuntime(train(ingredients, 200))
      const indices = Int32Array.of(7, 0, 5)
      const { mean, deviation } = yield* onOnnxRuntime(
        runOnce(Programs.encode(ingredients, { examples: count, batch: 3 }), state, { indices: int32([3], indices) })
      )
      const given = float32(
        [3, 6, 5, 1],
        Float32Array.from(
          { length: 90 },
          (_, place) => bytes[indices[Math.floor(place / 30)]! * 30 + (place % 30)]! / 255
        )
      )
      const encodeImages = Programs.encodeImages(ingredients, { batch: 3 })
      for (const run of [onReference, onOnnxRuntime]) {
        const found = yield* run(
          runOnce(encodeImages, state, { images: given, labels: int32([3], Int32Array.of(2, 0, 0)) })
        )
        assertSame(found, { mean: mean!, deviation: deviation! }, 1e-4, 1e-3)
      }
      const other = yield* onReference(
        runOnce(encodeImages, state, { images: given, labels: int32([3], Int32Array.of(2, 0, 4)) })
      )
      assertClose(other["mean"]!.values.slice(0, 4), mean!.values.slice(0, 4), 1e-4)
      assert.notDeepEqual(other["mean"]!.values.slice(4), mean!.values.slice(4))

      const decoded = yield* onOnnxRuntime(
        runOnce(Programs.decode(ingredients, { batch: 5 }), state, {
          codes: float32([5, 2], new Float32Array(10)),
          labels: int32([5], Int32Array.of(0, 1, 2, 3, 4))
        })
      )
      // The decoder puts the bar where the label says: the same code, another column.
      for (let label = 0; label < 5; label++) {
        const brightness = [0, 1, 2, 3, 4].map((column) =>
          [0, 1, 2, 3, 4, 5].reduce((sum, row) => sum + decoded["images"]!.values[label * 30 + row * 5 + column]!, 0)
        )
        assert.strictEqual(brightness.indexOf(Math.max(...brightness)), label)
      }
    })
  )
})

describe("the programs of a model whose encoder alone takes labels", () => {
  const objective: Objective["Service"] = { spec: { _tag: "Stub" }, terms: BetaElbo.terms({ beta: 0 }) }
  const memorising = (codes: LookupCodes.CodeTable) =>
    Effect.gen(function* () {
      const { build, latent } = yield* Model
      return { autoencoder: yield* build(shape), latent, shape, objective, optimizer: Adam({ learningRate: 0.02 }) }
    }).pipe(
      Effect.provide(
        LookupCodes.layer({
          codes,
          decoder: [dense(30), reshape([6, 5, 1])],
          likelihood: GaussianLikelihood({ deviation: 1 })
        }).pipe(Layer.provide(Layer.succeed(Labels, { classes: ["a", "b", "c", "d", "e"] })))
      )
    )

  it.effect("train equally on every engine", () =>
    Effect.gen(function* () {
      for (const codes of [LookupCodes.ones(3), LookupCodes.oneHot(), LookupCodes.normal(2)]) {
        const ingredients = yield* memorising(codes)
        const expected = yield* onReference(train(ingredients, 6))
        const actual = yield* onOnnxRuntime(train(ingredients, 6))
        expected.terms.forEach((terms, step) => assertSame(actual.terms[step]!, terms, 1e-4, 1e-3))
        assertSame(actual.state, expected.state, 1e-4, 1e-3)
      }
    })
  )

  it.effect.each<[string, LookupCodes.CodeTable, boolean]>([
    ["of every class from its own code", LookupCodes.oneHot(), false],
    ["of all images from the one code that they share", LookupCodes.ones(5), true]
  ])("learn the mean image %s, and decode codes without labels", ([, codes, shared]) =>
    Effect.gen(function* () {
      const ingredients = yield* memorising(codes)
      const { state } = yield* onOnnxRuntime(train(ingredients, 400))
      const found = yield* onOnnxRuntime(
        runOnce(Programs.encode(ingredients, { examples: count, batch: 5 }), state, {
          indices: int32([5], Int32Array.of(0, 1, 2, 3, 4))
        })
      )
      const { images } = yield* onOnnxRuntime(
        runOnce(Programs.decode(ingredients, { batch: 5 }), state, { codes: found["mean"]! })
      )
      const expected = Array.from({ length: 150 }, (_, place) => {
        const label = Math.floor(place / 30)
        const alike = Array.from({ length: count }, (_, index) => index).filter(
          (index) => shared || columns[index] === label
        )
        return mean(alike.map((index) => bytes[index * 30 + (place % 30)]! / 255))
      })
      // A batch at a time, so that the mean is met but for the noise of batches.
      assertClose(images!.values, expected, 0.1)
    })
  )
})
