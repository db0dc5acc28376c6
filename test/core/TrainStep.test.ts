/**
 * Training steps of models and objectives that bring parameters, optimisers or losses of their own.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Engine } from "../../src/core/Engine.ts"
import * as Reference from "../../src/core/engines/Reference.ts"
import { Model, type ModelError } from "../../src/core/Model.ts"
import * as DenseVae from "../../src/core/models/DenseVae.ts"
import * as LadderVae from "../../src/core/models/LadderVae.ts"
import { Objective, type ObjectiveError } from "../../src/core/Objective.ts"
import * as BetaElbo from "../../src/core/objectives/BetaElbo.ts"
import * as FactorVae from "../../src/core/objectives/FactorVae.ts"
import { Adam } from "../../src/core/optimizers/Adam.ts"
import { GumbelSoftmax } from "../../src/core/posteriors/GumbelSoftmax.ts"
import { VectorQuantised } from "../../src/core/posteriors/VectorQuantised.ts"
import { UniformCategorical } from "../../src/core/priors/UniformCategorical.ts"
import { permutation, uniform } from "../../src/core/Random.ts"
import * as Schedule from "../../src/core/Schedules.ts"
import { type HostTensors, uint8, under } from "../../src/core/Tensors.ts"
import * as TrainStep from "../../src/core/TrainStep.ts"

const shape = { height: 6, width: 5, channels: 1 }
const count = 40
const sizes = { examples: count, batch: 8, stepsPerEpoch: 10 }

/** Bright bars on a dark ground, each in one of five columns. */
const dataset: HostTensors = {
  images: uint8(
    [count, 6, 5, 1],
    Uint8Array.from(
      uniform({ seed: 1, stream: "pixels", step: 0 }, count * 30),
      (noise, index) => (index % 5 === Math.floor(index / 30) % 5 ? 230 : 0) + 25 * noise
    )
  )
}

const elbo = BetaElbo.layer({ beta: 1 })
const dense = { hidden: [12], latent: 6 } as const
const temperature = Schedule.exponential({ from: 1, to: 0.5, epochs: 5 })

/** Each step's model and objective. */
const steps: Readonly<Record<string, Layer.Layer<Model | Objective, ModelError | ObjectiveError>>> = {
  "categorical codes, relaxed": Layer.merge(
    DenseVae.layer({ ...dense, posterior: GumbelSoftmax({ categories: 3, temperature }) }),
    elbo
  ),
  "categorical codes, straight through": Layer.merge(
    DenseVae.layer({ ...dense, posterior: GumbelSoftmax({ categories: 3, temperature, straightThrough: true }) }),
    elbo
  ),
  "categorical codes, relaxed prior": Layer.merge(
    DenseVae.layer({
      ...dense,
      posterior: GumbelSoftmax({ categories: 3, temperature: 0.7 }),
      prior: UniformCategorical({ divergence: "relaxed", temperature: 0.7 })
    }),
    elbo
  ),
  "quantised codes, codebook by gradient": Layer.merge(
    DenseVae.layer({ ...dense, posterior: VectorQuantised({ entries: 5, dimensions: 3 }) }),
    elbo
  ),
  "quantised codes, codebook by moving averages": Layer.merge(
    DenseVae.layer({ ...dense, posterior: VectorQuantised({ entries: 5, dimensions: 3, decay: 0.9 }) }),
    elbo
  ),
  "a ladder": Layer.merge(
    LadderVae.layer({
      groups: [
        { latent: 3, hidden: [12] },
        { latent: 2, hidden: [8] }
      ]
    }),
    elbo
  ),
  FactorVae: Layer.provideMerge(FactorVae.layer({ gamma: 5, hidden: [16, 16] }), DenseVae.layer(dense))
}

const ingredientsOf = Effect.fnUntraced(function* (
  layer: Layer.Layer<Model | Objective, ModelError | ObjectiveError>,
  options: Partial<TrainStep.UpdateOptions> = {}
) {
  const context = yield* Layer.build(layer)
  const { build, latent } = Context.get(context, Model)
  const optimizer = Adam({ learningRate: 0.01 })
  return {
    autoencoder: yield* build(shape),
    latent,
    shape,
    objective: Context.get(context, Objective),
    optimizer,
    ...options
  }
}, Effect.scoped)

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

/** Some steps, each with its batch in as many pieces as the ingredients say: the state after them, and each one's terms. */
const train = Effect.fnUntraced(function* (ingredients: TrainStep.StepIngredients, steps: number) {
  const engine = yield* Engine
  const size = TrainStep.microBatchSize(ingredients, sizes.batch)
  const compiled = (typed: ReturnType<typeof TrainStep.trainStep>) => engine.compile(typed.program, typed.signature)
  const last = yield* compiled(TrainStep.trainStep(ingredients, { ...sizes, batch: size }))
  const earlier =
    size === sizes.batch ? last : yield* compiled(TrainStep.accumulateStep(ingredients, { ...sizes, batch: size }))
  const state = yield* engine.place(TrainStep.initialState(ingredients, 1))
  const data = yield* engine.place(dataset)
  const inputsOf = TrainStep.stepInputs(ingredients, 1)
  const terms: Array<HostTensors> = []
  for (let step = 0; step < steps; step++) {
    const inputs = inputsOf(step, permutation({ seed: 1, stream: "shuffle", step }, count).slice(0, sizes.batch))
    const pieces = size === sizes.batch ? [inputs] : TrainStep.microBatchInputs(inputs, size)
    for (const [index, piece] of pieces.entries()) {
      terms.push(yield* (index === pieces.length - 1 ? last : earlier).run({ state, data, inputs: piece }))
    }
  }
  return { state: yield* state.read, terms, losses: terms.map((term) => mean(term["loss"]!.values)) }
}, Effect.scoped)

const assertSame = (actual: HostTensors, expected: HostTensors, tolerance: number): void => {
  assert.sameMembers(Object.keys(actual), Object.keys(expected))
  for (const [name, { values }] of Object.entries(expected)) {
    const largest = Array.from<number>(values).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-2)
    values.forEach((value, index) =>
      assert.closeTo(actual[name]!.values[index]!, value, tolerance * largest, `${name}[${index}]`)
    )
  }
}

describe.each(Object.entries(steps))("a training step of %s", (_, layer) => {
  it.effect("lowers the loss, with finite terms", () =>
    Effect.gen(function* () {
      const { losses } = yield* train(yield* ingredientsOf(layer), 80)
      assert.isTrue(losses.every(Number.isFinite))
      assert.isBelow(mean(losses.slice(-10)), 0.9 * mean(losses.slice(0, 10)))
    }).pipe(Effect.provide(Reference.layer))
  )

  it.effect("is the same with an average of the parameters", () =>
    Effect.gen(function* () {
      const plain = yield* train(yield* ingredientsOf(layer), 3)
      const averaged = yield* train(yield* ingredientsOf(layer, { average: { decay: 0.9 } }), 3)
      assert.deepStrictEqual(under("parameters/", averaged.state), under("parameters/", plain.state))
      assert.sameMembers(Object.keys(under("average/", averaged.state)), Object.keys(under("parameters/", plain.state)))
    }).pipe(Effect.provide(Reference.layer))
  )
})

describe("parameters with an optimiser of their own", () => {
  it.effect("leave the state of the training's optimiser to the others", () =>
    Effect.gen(function* () {
      const ingredients = yield* ingredientsOf(steps["quantised codes, codebook by moving averages"]!)
      const names = Object.keys(TrainStep.initialState(ingredients, 1))
      const own = names.filter((name) => /posterior/.test(name))
      assert.sameMembers(own, ["parameters/encoder/posterior/counts", "parameters/encoder/posterior/sums"])
      assert.include(names, "optimizer/first/encoder/code/kernel")
    })
  )

  it.effect("follow the moving averages of the outputs that chose each entry, whatever the pieces of a batch", () =>
    Effect.gen(function* () {
      const layer = steps["quantised codes, codebook by moving averages"]!
      const ingredients = yield* ingredientsOf(layer)
      const initial = TrainStep.initialState(ingredients, 1)
      const { state } = yield* train(ingredients, 1)
      const counts = (from: HostTensors) =>
        Array.from(from["parameters/encoder/posterior/counts"]!.values as Float32Array)
      // Two variables per example: the uses add up to 2, before and after.
      for (const from of [initial, state]) {
        assert.closeTo(
          counts(from).reduce((sum, count) => sum + count, 0),
          2,
          1e-5
        )
      }
      // 0.9 of what it was, and 0.1 of a whole number of uses in 8 examples.
      counts(state).forEach((count, entry) => {
        const uses = ((count - 0.9 * counts(initial)[entry]!) / 0.1) * 8
        assert.closeTo(uses, Math.round(uses), 1e-3)
      })
      const pieces = yield* train(yield* ingredientsOf(layer, { accumulate: 2 }), 1)
      assertSame(under("parameters/", pieces.state), under("parameters/", state), 1e-5)
    }).pipe(Effect.provide(Reference.layer))
  )
})
