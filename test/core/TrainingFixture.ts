/**
 * A small dataset, models and training for the tests of programs.
 */
import { assert } from "@effect/vitest"
import { Effect, Layer, Record } from "effect"
import { Engine } from "../../src/core/Engine.ts"
import * as OnnxRuntime from "../../src/core/engines/OnnxRuntime.ts"
import * as Reference from "../../src/core/engines/Reference.ts"
import type { Likelihood } from "../../src/core/Likelihood.ts"
import { BernoulliLogits } from "../../src/core/likelihoods/BernoulliLogits.ts"
import { Model } from "../../src/core/Model.ts"
import * as DenseVae from "../../src/core/models/DenseVae.ts"
import { Objective } from "../../src/core/Objective.ts"
import * as BetaElbo from "../../src/core/objectives/BetaElbo.ts"
import type { Optimizer } from "../../src/core/Optimizer.ts"
import { Adam } from "../../src/core/optimizers/Adam.ts"
import type { Posterior } from "../../src/core/Posterior.ts"
import { LogVarianceGaussian } from "../../src/core/posteriors/LogVarianceGaussian.ts"
import * as ProgramInputs from "../../src/core/ProgramInputs.ts"
import * as TrainStep from "../../src/core/TrainStep.ts"
import { draw, permutation, uniform } from "../../src/core/Random.ts"
import { float32, type HostTensors, int32, prefixed, typesOf, uint8 } from "../../src/core/Tensors.ts"

export const shape = { height: 6, width: 5, channels: 1 }
export const latent = 2
export const count = 40
export const sizes = { examples: count, batch: 8, stepsPerEpoch: 10 }

/** Bright bars on a dark ground, each in one of five columns: something to learn. */
export const bytes = Uint8Array.from(
  uniform({ seed: 1, stream: "pixels", step: 0 }, count * 30),
  (noise, index) => (index % 5 === Math.floor(index / 30) % 5 ? 230 : 0) + 25 * noise
)
/** The column of each image's bar. */
export const columns = Uint8Array.from({ length: count }, (_, index) => index % 5)
export const dataset: HostTensors = { images: uint8([count, 6, 5, 1], bytes), labels: uint8([count], columns) }

export interface Choices {
  readonly posterior?: Posterior
  readonly likelihood?: Likelihood
  readonly optimizer?: Optimizer
  readonly beta?: number
}

export const assemble = Effect.fnUntraced(function* (choices: Choices) {
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

export type Ingredients = Effect.Success<ReturnType<typeof assemble>>

/** The inputs of a step, 1 for the first. */
export const inputsAt = (ingredients: Ingredients, step: number): HostTensors => ({
  indices: int32([sizes.batch], permutation({ seed: 1, stream: "shuffle", step }, count).slice(0, sizes.batch)),
  step: float32([], Float32Array.of(step)),
  ...prefixed(
    "noise/",
    Record.map(TrainStep.trainingNoise(ingredients), (type, name) =>
      draw(type, { seed: 1, stream: name, step }, sizes.batch)
    )
  )
})

export const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

/** Trains for some steps: the state afterwards, and the terms of each step. */
export const train = Effect.fnUntraced(function* (
  ingredients: Ingredients,
  steps: number,
  initial?: HostTensors,
  first = 1
) {
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
export const runOnce = Effect.fnUntraced(function* (
  { program, signature }: ProgramInputs.TypedProgram,
  parameters: HostTensors,
  inputs: HostTensors
) {
  const engine = yield* Engine
  const state = yield* engine.place(parameters)
  const data = yield* engine.place("images" in signature.data ? dataset : {})
  const executable = yield* engine.compile(program, signature)
  return yield* executable.run({ state, data, inputs })
}, Effect.scoped)

export const onReference = Effect.provide(Reference.layer)
export const onOnnxRuntime = Effect.provide(OnnxRuntime.layer({ threads: 1 }))

/** Tensors of equal types whose difference is at most `tolerance` of the larger of `floor` and the tensor's size. */
export const assertSame = (actual: HostTensors, expected: HostTensors, tolerance: number, floor: number): void => {
  assert.deepStrictEqual(typesOf(actual), typesOf(expected))
  for (const [name, { values }] of Object.entries(expected)) {
    const size = Array.from<number>(values).reduce((largest, value) => Math.max(largest, Math.abs(value)), floor)
    values.forEach((value, index) =>
      assert.closeTo(actual[name]!.values[index]!, value, tolerance * size, `${name}[${index}]`)
    )
  }
}

export const objectiveStub: Objective["Service"] = { spec: { _tag: "Stub" }, terms: BetaElbo.terms({ beta: 1 }) }
