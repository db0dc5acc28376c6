import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer } from "effect"
import { Engine, type EngineError } from "../../../src/core/Engine.ts"
import { PjrtError } from "../../../src/core/engines/xla/Pjrt.ts"
import * as Xla from "../../../src/core/engines/Xla.ts"
import { float32, int32 } from "../../../src/core/Tensors.ts"
import * as DenseStep from "../../../src/testing/DenseStep.ts"
import { assertRefused } from "../../../src/testing/EngineAgreement.ts"
import { engineContract } from "../../../src/testing/EngineContract.ts"
import { nothing, vector } from "../../../src/testing/EnginePrograms.ts"
import { isLong } from "../../LongTests.ts"
import { needs } from "../../machine/Capability.ts"
import { xlaPlugin } from "../../machine/XlaPlugin.ts"

const plugin = xlaPlugin.value ?? ""

/** Compiles quickly, to code that is as right but slower. */
const quick = { xla_backend_optimization_level: 0, xla_llvm_disable_expensive_passes: true }

const layer = (flags: NonNullable<Xla.XlaOptions["flags"]> = quick): Layer.Layer<Engine, EngineError> =>
  Xla.layer({ device: "cpu", plugin, flags })

const sizes: DenseStep.DenseSizes = { pixels: 100, hidden: [33, 17], latent: 3, batch: 19, examples: 40 }

describe("XLA's CPU plugin", needs(xlaPlugin), () => {
  engineContract("xla", layer())
  if (isLong) engineContract("xla, optimized", layer({}))

  it.effect("says which plugin, device and version it runs on", () =>
    Effect.gen(function* () {
      const { spec } = yield* Engine
      assert.strictEqual(spec._tag, "Xla")
      assert.strictEqual(spec.device, "cpu")
      assert.match(String(spec["api"]), /^0\.\d+$/)
      assert.include(spec["flags"], "xla_cpu_enable_fast_min_max=false")
    }).pipe(Effect.provide(layer()))
  )

  it.effect("state that is also read as data is not given up to the run", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const both = yield* engine.place({ x: vector(1, 2) })
      const types = both.types
      const executable = yield* engine.compile(
        { name: "both", run: ({ data, state }) => ({ state: { x: tf.add(state["x"]!, data["x"]!) }, outputs: {} }) },
        { state: types, data: types, inputs: {} }
      )
      const run = executable.run({ state: both, data: both, inputs: {} })
      yield* run
      yield* run
      assert.deepStrictEqual(yield* both.read, { x: vector(4, 8) })
    }).pipe(Effect.provide(layer()))
  )

  it.live("lets JavaScript go on while it computes", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const side = 1200
      const square = { shape: [side, side], dtype: "float32" } as const
      const state = yield* engine.place({ x: float32(square.shape, new Float32Array(side * side).fill(1e-3)) })
      const executable = yield* engine.compile(
        { name: "slow", run: ({ state: { x } }) => ({ outputs: { sum: tf.sum(tf.matMul(tf.matMul(x!, x!), x!)) } }) },
        { state: state.types, data: {}, inputs: {} }
      )
      let ticks = 0
      const timer = setInterval(() => ticks++, 1)
      const { sum } = yield* executable.run({ state, data: yield* nothing, inputs: {} })
      clearInterval(timer)
      assert.approximately(sum!.values[0]!, side ** 4 * 1e-9, 1)
      assert.isAbove(ticks, 2)
    }).pipe(Effect.provide(layer({})))
  )

  it.live("reads more outputs than calls may wait on other threads", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const side = 600
      const square = { shape: [side, side], dtype: "float32" } as const
      const state = yield* engine.place({ x: float32(square.shape, new Float32Array(side * side).fill(1e-3)) })
      const count = 300
      const executable = yield* engine.compile(
        {
          name: "many outputs",
          run: ({ state: { x } }) => {
            const sum = tf.sum(tf.matMul(tf.matMul(x!, x!), x!))
            const numbers = Array.from({ length: count }, (_, index) => tf.add(sum, index).as1D())
            return {
              outputs: Object.fromEntries(numbers.map((number, index) => [`${index}`, tf.cast(number, "int32")]))
            }
          }
        },
        { state: state.types, data: {}, inputs: {} }
      )
      const outputs = yield* executable.run({ state, data: yield* nothing, inputs: {} })
      const first = outputs["0"]!.values[0]!
      assert.deepStrictEqual(
        Array.from({ length: count }, (_, index) => outputs[`${index}`]!.values[0]! - first),
        Array.from({ length: count }, (_, index) => index)
      )
    }).pipe(Effect.provide(layer({})))
  )

  it.effect("says how much memory it asked for where the device has too little", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const state = yield* engine.place({ x: vector(1) })
      const executable = yield* engine.compile(
        { name: "huge", run: ({ state: { x } }) => ({ state: {}, outputs: { y: tf.tile(x!, [1e13]) } }) },
        { state: state.types, data: {}, inputs: {} }
      )
      const error = yield* Effect.flip(executable.run({ state, data: state, inputs: {} }))
      assert.include(error.reason, "memory is exhausted")
      assert.include(error.reason, `${4e13} bytes`)
      assert.instanceOf(error.cause, PjrtError)
      assert.deepStrictEqual(yield* state.read, { x: vector(1) })
    }).pipe(Effect.provide(layer()))
  )

  it.effect("compiles a program once, and the same one again at once", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const compile = engine.compile(DenseStep.program(sizes), DenseStep.signature(sizes))
      const time = Effect.gen(function* () {
        const start = performance.now()
        yield* compile
        return performance.now() - start
      })
      const first = yield* time
      assert.isBelow(yield* time, first / 2)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("refuses an index out of range", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const data = yield* engine.place({ x: vector(1, 2, 3) })
      const executable = yield* engine.compile(
        {
          name: "far",
          run: ({ data, inputs }) => ({ outputs: { y: tf.gather(data["x"]!, inputs["at"] as tf.Tensor1D) } })
        },
        { state: {}, data: data.types, inputs: { at: { shape: [1], dtype: "int32" } } }
      )
      const at = (index: number) =>
        executable.run({ state: data, data, inputs: { at: int32([1], Int32Array.of(index)) } })
      assert.deepStrictEqual(yield* at(2), { y: vector(3) })
      yield* assertRefused(at(3), `input "at"`, "3")
      yield* assertRefused(at(-1), `input "at"`, "-1")
    }).pipe(Effect.provide(layer()))
  )
})

describe("An XLA plugin that cannot be used", () => {
  it.effect("is named with the reason", () =>
    Effect.gen(function* () {
      const load = (plugin: string) =>
        Effect.flip(Effect.scoped(Effect.provide(nothing, Xla.layer({ device: "cpu", plugin }))))
      const missing = yield* load("/nowhere/plugin.so")
      assert.strictEqual(missing._tag, "EngineError")
      assert.include(missing.message, "/nowhere/plugin.so")
    })
  )
})
