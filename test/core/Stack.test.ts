import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer, Record } from "effect"
import { Engine, type EngineError, type Program, type Signature } from "../../src/core/Engine.ts"
import * as Native from "../../src/core/engines/Native.ts"
import * as OnnxRuntime from "../../src/core/engines/OnnxRuntime.ts"
import * as Reference from "../../src/core/engines/Reference.ts"
import * as Xla from "../../src/core/engines/Xla.ts"
import * as Stack from "../../src/core/Stack.ts"
import { float32, type HostTensor, type HostTensors } from "../../src/core/Tensors.ts"
import * as DenseStep from "../../src/testing/DenseStep.ts"
import { assertAgree, assertRefused } from "../../src/testing/EngineAgreement.ts"
import { vector } from "../../src/testing/EnginePrograms.ts"
import { stackContract } from "../../src/testing/StackContract.ts"
import { isLong } from "../LongTests.ts"
import { machineCode } from "../machine/MachineCode.ts"
import { xlaPlugin } from "../machine/XlaPlugin.ts"

const onnxruntime = OnnxRuntime.layer({ threads: 1 })
const layers: Readonly<Record<string, Layer.Layer<Engine, EngineError>>> = {
  onnxruntime,
  ...(machineCode.value !== undefined && { native: Native.layer({ threads: 1 }) }),
  ...(xlaPlugin.value !== undefined && { xla: Xla.layer({ device: "cpu", plugin: xlaPlugin.value }) })
}

stackContract("onnxruntime", onnxruntime)
if (isLong) {
  for (const [name, layer] of Object.entries(layers)) if (layer !== onnxruntime) stackContract(name, layer)
}

/** A tensor of several runs, from each run's. */
const joined = (tensors: ReadonlyArray<HostTensor>): HostTensor => {
  const { dtype, shape, values } = tensors[0]!
  const all = new (values.constructor as Float32ArrayConstructor)(tensors.length * values.length)
  tensors.forEach((tensor, run) => all.set(tensor.values, run * values.length))
  return { shape: [tensors.length, ...shape], dtype, values: all }
}

const stackedTensors = (runs: ReadonlyArray<HostTensors>): HostTensors =>
  Record.map(runs[0]!, (_, name) => joined(runs.map((tensors) => tensors[name]!)))

/** Compiles and runs programs as a stack, so many steps; gives the last outputs and the state. */
const train = Effect.fnUntraced(function* (
  programs: ReadonlyArray<Program>,
  signature: Signature,
  start: { readonly state: ReadonlyArray<HostTensors>; readonly data: HostTensors },
  inputs: (step: number, run: number) => HostTensors,
  steps: number
) {
  const engine = yield* Engine
  const runs = programs.length
  const state = yield* engine.place(stackedTensors(start.state))
  const data = yield* engine.place(start.data)
  const stack = Stack.program(programs, signature)
  const executable = yield* engine.compile(stack, Stack.signature(runs, signature))
  let outputs: HostTensors = {}
  for (let step = 0; step < steps; step++) {
    const all = stackedTensors(programs.map((_, run) => inputs(step, run)))
    outputs = yield* executable.run({ state, data, inputs: all })
  }
  return { ...(yield* state.read), ...outputs }
}, Effect.scoped)

const x = { shape: [3], dtype: "float32" } as const
const scaled = (weight: number): Program => ({
  name: "scaled",
  run: ({ inputs, state }) => ({
    state: { x: tf.sub(state["x"]!, tf.mul(inputs["x"]!, weight)) },
    outputs: { sum: tf.sum(tf.log(state["x"]!)) }
  })
})
const one: Signature = { state: { x }, data: {}, inputs: { x } }

describe.each(Object.entries(layers))("A stack of runs on %s", (_, layer) => {
  it.effect("trains each run as on its own, with its own weight, initial values, examples and noise", () =>
    Effect.gen(function* () {
      const sizes: DenseStep.DenseSizes = { pixels: 60, hidden: [17], latent: 2, batch: 8, examples: 30 }
      const signature = DenseStep.signature(sizes)
      const weights = [0.5, 1, 4]
      const program = DenseStep.program(sizes)
      // The state takes a step of another size in each run.
      const programs = weights.map((weight): Program => ({
        name: "weighted",
        run: (args) => {
          const results = program.run(args)
          return {
            outputs: results.outputs,
            state: Record.map(results.state!, (next, name) => {
              const before = args.state[name]!
              return tf.add(before, tf.mul(tf.sub(next, before), weight))
            })
          }
        }
      }))
      const initial = DenseStep.initialState(sizes)
      const states = weights.map((weight) =>
        Record.map(initial, (tensor) => ({ ...tensor, values: tensor.values.map((value) => value * weight) }))
      )
      const data = DenseStep.images(sizes)
      const inputs = (step: number, run: number) => DenseStep.inputs(sizes, 3 * step + run)
      const together = yield* Effect.provide(train(programs, signature, { state: states, data }, inputs, 3), layer)
      const apart = yield* Effect.forEach(programs, (program, run) =>
        train([program], signature, { state: [states[run]!], data }, (step) => inputs(step, run), 3)
      ).pipe(Effect.provide(Reference.layer))
      const expected = Record.map(together, (_, name) => {
        const all = joined(apart.map((tensors) => tensors[name]!))
        return { ...all, shape: [weights.length, ...all.shape.slice(2)] }
      })
      // Adam divides a gradient near 0 by its own size, which makes a rounding error as large as a step.
      assertAgree(together, expected, () => 1e-4)
    })
  )

  it.effect("a run with NaN does not affect the others", () =>
    Effect.gen(function* () {
      const states = [vector(1, 2, 3), vector(Number.NaN, 1, -1), vector(4, 5, 6)].map((x) => ({ x }))
      const results = yield* train(
        [1, 2, 3].map(scaled),
        one,
        { state: states, data: {} },
        () => ({ x: vector(1, 1, 1) }),
        1
      )
      const numbers = [...results["x"]!.values]
      assert.deepStrictEqual([...numbers.slice(0, 3), ...numbers.slice(6)], [0, 1, 2, 1, 2, 3])
      assert.isNaN(numbers[3])
      assert.isFalse(Number.isFinite(results["sum"]!.values[1]!))
      assert.approximately(results["sum"]!.values[2]!, Math.log(120), 1e-5)
    }).pipe(Effect.provide(layer))
  )

  it.effect("runs that differ in more than numeric options are refused", () =>
    Effect.gen(function* () {
      const other: Program = {
        ...scaled(1),
        run: (args) => ({ ...scaled(1).run(args), outputs: { sum: tf.sum(args.state["x"]!) } })
      }
      const states = [{ x: vector(1, 2, 3) }, { x: vector(1, 2, 3) }]
      const inputs = () => ({ x: vector(1, 1, 1) })
      yield* assertRefused(train([scaled(1), other], one, { state: states, data: {} }, inputs, 1), "only in numbers")
    }).pipe(Effect.provide(layer))
  )
})

it.effect("a stack has its runs along the first axis, also where nothing differs", () =>
  Effect.gen(function* () {
    const constant: Program = { name: "constant", run: () => ({ outputs: { y: tf.tensor1d([1, 2]) } }) }
    const engine = yield* Engine
    const nothing = yield* engine.place({})
    const single = { state: {}, data: {}, inputs: {} }
    const executable = yield* engine.compile(Stack.program([constant, constant], single), Stack.signature(2, single))
    const outputs = yield* executable.run({ state: nothing, data: nothing, inputs: {} })
    assert.deepStrictEqual(outputs, { y: float32([2, 2], Float32Array.of(1, 2, 1, 2)) })
  }).pipe(Effect.provide(onnxruntime))
)
