import { assert, describe, it, vi } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import * as ort from "onnxruntime-node"
import { Engine, type EngineError, type Program } from "../../../src/core/Engine.ts"
import * as Native from "../../../src/core/engines/Native.ts"
import { float32, typesOf } from "../../../src/core/Tensors.ts"
import * as DenseStep from "../../../src/testing/DenseStep.ts"
import { assertRefused } from "../../../src/testing/EngineAgreement.ts"
import { engineContract } from "../../../src/testing/EngineContract.ts"
import { compileAccumulate, nothing, vector } from "../../../src/testing/EnginePrograms.ts"
import { isLong } from "../../LongTests.ts"
import { needs } from "../../machine/Capability.ts"
import { type MachineCode, machineCodes } from "../../machine/MachineCode.ts"
import { nativeTest } from "./native/NativeTest.ts"

const layer = (threads: number, { set }: MachineCode): Layer.Layer<Engine, EngineError> =>
  Native.layer({ threads, instructionSet: set.name })

/** The widest instruction set of this machine. */
const widest = machineCodes.find(([, { value }]) => value !== undefined)?.[0]

describe.each(machineCodes)("native engines on %s", (set, machineCode) => {
  describe("contract", needs(machineCode), () => {
    // That threads change no bits is tested for each set by random programs.
    for (const threads of set === widest || isLong ? [1, 2] : [2])
      engineContract(
        `native with ${threads} ${threads === 1 ? "thread" : "threads"}`,
        Layer.suspend(() => layer(threads, machineCode.value!))
      )
  })
})

/** The processor's memory that this process has mapped, in bytes. */
const mapped = Effect.promise(async () => {
  const { readFile } = await import("node:fs/promises")
  return Number((await readFile("/proc/self/statm", "utf8")).split(" ")[0]) * 4096
})

const sumOf = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0)

const sizes: DenseStep.DenseSizes = { pixels: 100, hidden: [33, 17], latent: 3, batch: 19, examples: 40 }

describe("native", () => {
  nativeTest("compiles a training step itself", (machine) =>
    Effect.gen(function* () {
      const create = vi.spyOn(ort.InferenceSession, "create")
      const engine = yield* Engine
      yield* engine.compile(DenseStep.program(sizes), DenseStep.signature(sizes))
      assert.strictEqual(create.mock.calls.length, 0, "onnxruntime was asked")
      create.mockRestore()
      assert.strictEqual(engine.spec._tag, "Native")
    }).pipe(Effect.provide(layer(2, machine)))
  )

  nativeTest("refuses to compile and to run once its scope is closed", (machine) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const engine = Context.get(yield* Layer.buildWithScope(layer(2, machine), scope), Engine)
      const state = yield* engine.place({ sum: vector(1, 2) })
      const compile = Effect.provideService(compileAccumulate, Engine, engine)
      const executable = yield* compile
      const run = executable.run({ state, data: state, inputs: { x: vector(1, 1) } })
      yield* run
      yield* Scope.close(scope, Exit.void)
      yield* assertRefused(run, "the scope of the engine is closed")
      yield* assertRefused(Effect.scoped(compile), "the scope of the engine is closed")
    })
  )

  nativeTest("compiles softmax, batches of matrix products, padding, powers and sines itself", (machine) =>
    Effect.gen(function* () {
      const create = vi.spyOn(ort.InferenceSession, "create")
      const engine = yield* Engine
      const x = float32(
        [3, 4, 5],
        Float32Array.from({ length: 60 }, (_, index) => Math.sin(index))
      )
      const program: Program = {
        name: "lowered",
        run: ({ inputs: { x } }) => ({
          outputs: {
            softmax: tf.softmax(x!),
            product: tf.matMul(x!, x!, false, true),
            power: tf.pow(tf.abs(x!), x!),
            sine: tf.sin(x!),
            padded: tf.pad(x!, [
              [0, 0],
              [1, 2],
              [0, 3]
            ])
          }
        })
      }
      const executable = yield* engine.compile(program, { state: {}, data: {}, inputs: typesOf({ x }) })
      const placed = yield* nothing
      const { padded, power, product, sine, softmax } = yield* executable.run({
        state: placed,
        data: placed,
        inputs: { x }
      })
      assert.strictEqual(create.mock.calls.length, 0, "onnxruntime was asked")
      create.mockRestore()
      for (let row = 0; row < 12; row++) {
        assert.closeTo(sumOf([0, 1, 2, 3, 4].map((column) => softmax!.values[5 * row + column]!)), 1, 1e-6)
      }
      // The diagonal of x xᵀ holds squared norms.
      const norm = sumOf([0, 1, 2, 3, 4].map((index) => x.values[index]! ** 2))
      assert.closeTo(product!.values[0]!, norm, 1e-6)
      for (const index of [1, 30, 59]) {
        const value = x.values[index]!
        assert.closeTo(power!.values[index]!, Math.abs(value) ** value, 1e-6)
        assert.closeTo(sine!.values[index]!, Math.sin(value), 1e-6)
      }
      assert.deepStrictEqual(padded!.shape, [3, 7, 8])
      assert.strictEqual(padded!.values[8], x.values[0])
      assert.strictEqual(padded!.values[0], 0)
    }).pipe(Effect.provide(layer(2, machine)))
  )

  nativeTest("a program that it has no code for runs on the same state", (machine) =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const state = yield* engine.place({ x: vector(0.5, 1, 2) })
      const signature = { state: state.types, data: {}, inputs: {} }
      const program = (name: string, run: (x: tf.Tensor) => tf.Tensor): Program => ({
        name,
        run: ({ state: { x } }) => ({ state: { x: run(x!) }, outputs: { before: x! } })
      })
      const create = vi.spyOn(ort.InferenceSession, "create")
      const native = yield* engine.compile(
        program("doubles", (x) => tf.mul(x, 2)),
        signature
      )
      assert.strictEqual(create.mock.calls.length, 0)
      const delegated = yield* engine.compile(
        program("sums up", (x) => tf.cumsum(x)),
        signature
      )
      assert.strictEqual(create.mock.calls.length, 1)
      create.mockRestore()
      const doubled = (values: ReadonlyArray<number>) => values.map((value) => 2 * value)
      const summedUp = (values: ReadonlyArray<number>) => values.map((_, index) => sumOf(values.slice(0, index + 1)))
      let expected: ReadonlyArray<number> = [0.5, 1, 2]
      for (let round = 0; round < 3; round++) {
        for (const [executable, f] of [
          [native, doubled],
          [delegated, summedUp],
          [delegated, summedUp],
          [native, doubled]
        ] as const) {
          const { before } = yield* executable.run({ state, data: state, inputs: {} })
          expected.forEach((value, index) => assert.closeTo(before!.values[index]!, value, 1e-5))
          expected = f(expected)
        }
      }
      const { x } = yield* state.read
      expected.forEach((value, index) => assert.closeTo(x!.values[index]!, value, 1e-5))
    }).pipe(Effect.provide(layer(1, machine)))
  )

  nativeTest("gives its memory back with the scope", (machine) =>
    Effect.gen(function* () {
      const side = 1500
      const type = { shape: [side, side], dtype: "float32" } as const
      const use = Effect.scoped(
        Effect.gen(function* () {
          const engine = yield* Engine
          const state = yield* engine.place({ x: float32(type.shape, new Float32Array(side * side)) })
          const executable = yield* engine.compile(
            {
              name: "large",
              run: ({ state: { x } }) => ({ state: { x: tf.add(tf.transpose(x!), 1) }, outputs: {} })
            },
            { state: { x: type }, data: {}, inputs: {} }
          )
          yield* executable.run({ state, data: yield* nothing, inputs: {} })
        }).pipe(Effect.provide(layer(2, machine)))
      )
      yield* use
      const before = yield* mapped
      for (let round = 0; round < 10; round++) yield* use
      // Each use maps some 20 MB for state and workspace, and 8 MiB of stack for its thread.
      assert.isBelow((yield* mapped) - before, 100e6)
    })
  )

  nativeTest("refuses to run what was compiled in a scope that is closed", (machine) =>
    Effect.gen(function* () {
      const state = yield* Engine.use((engine) => engine.place({ sum: vector(1, 2) }))
      const executable = yield* Effect.scoped(compileAccumulate)
      yield* assertRefused(executable.run({ state, data: state, inputs: { x: vector(1, 2) } }), "accumulate", "closed")
      assert.deepStrictEqual(yield* state.read, { sum: vector(1, 2) })
    }).pipe(Effect.provide(layer(2, machine)))
  )

  it.effect("reports why machine code cannot run", () =>
    Effect.gen(function* () {
      const platform = Object.getOwnPropertyDescriptor(process, "platform")!
      Object.defineProperty(process, "platform", { ...platform, value: "darwin" })
      const error = yield* Effect.flip(Effect.scoped(Effect.provide(nothing, Native.layer()))).pipe(
        Effect.ensuring(Effect.sync(() => Object.defineProperty(process, "platform", platform)))
      )
      assert.strictEqual(error._tag, "EngineError")
      assert.include(error.message, "Linux")
    })
  )
})
