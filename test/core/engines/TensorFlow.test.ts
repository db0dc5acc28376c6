import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Engine, type Program } from "../../../src/core/Engine.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import * as TensorFlow from "../../../src/core/engines/TensorFlow.ts"
import { float32, int32, uint8 } from "../../../src/core/Tensors.ts"
import * as DenseStep from "../../../src/testing/DenseStep.ts"
import { assertRefused } from "../../../src/testing/EngineAgreement.ts"
import { engineContract } from "../../../src/testing/EngineContract.ts"
import { runOnce, vector } from "../../../src/testing/EnginePrograms.ts"
import { needs } from "../../machine/Capability.ts"
import { libTensorFlow } from "../../machine/LibTensorFlow.ts"

describe("libtensorflow", needs(libTensorFlow), () => {
  engineContract("tensorflow", TensorFlow.layer())

  it.effect("describes itself", () =>
    Effect.gen(function* () {
      const { spec } = yield* Engine
      assert.strictEqual(spec._tag, "TensorFlow")
      assert.include(["cpu", "gpu"], spec.device)
      assert.match(String(spec["version"]), /^2\.\d+\.\d+/)
      assert.isTrue(yield* TensorFlow.isInstalled())
    }).pipe(Effect.provide(TensorFlow.layer()))
  )

  it.effect("computes with its loaded number of threads, and reports a different request", () =>
    Effect.gen(function* () {
      const { spec } = yield* Engine
      const threads = Number(spec["threads"])
      yield* Effect.provide(Engine, TensorFlow.layer({ threads }))
      yield* assertRefused(
        Effect.provide(Engine, TensorFlow.layer({ threads: threads + 1 })),
        `for ${threads} threads`,
        `not ${threads + 1}`
      )
    }).pipe(Effect.provide(TensorFlow.layer()))
  )

  it.effect("leaks no tensors in a thousand runs, and keeps the state in TensorFlow's memory", () =>
    Effect.gen(function* () {
      const before = tf.memory()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const engine = yield* Engine
          const state = yield* engine.place({ x: vector(1, 2, 3, 4) })
          const program: Program = {
            name: "grow",
            run: ({ state: { x } }) => {
              const next = tf.add(tf.pad(tf.slice(x!, [1], [3]), [[1, 0]]), 1)
              return { state: { x: next }, outputs: { sum: tf.sum(next) } }
            }
          }
          const executable = yield* engine.compile(program, { state: state.types, data: {}, inputs: {} })
          const run = executable.run({ state, data: state, inputs: {} })
          yield* run
          const during = tf.memory()
          for (let index = 0; index < 1000; index++) yield* run
          assert.strictEqual(tf.memory().numTensors, during.numTensors)
          assert.strictEqual(tf.memory().numDataBuffers, during.numDataBuffers)
          assert.deepStrictEqual((yield* state.read)["x"], vector(1, 1003, 1004, 1005))
        })
      )
      assert.strictEqual(tf.memory().numTensors, before.numTensors)
      assert.strictEqual(tf.memory().numDataBuffers, before.numDataBuffers)
    }).pipe(Effect.provide(TensorFlow.layer()))
  )

  it.effect("leaks no tensors in training steps", () =>
    Effect.gen(function* () {
      const sizes = { pixels: 20, hidden: [8], latent: 2, batch: 4, examples: 10 }
      const engine = yield* Engine
      const state = yield* engine.place(DenseStep.initialState(sizes))
      const data = yield* engine.place(DenseStep.images(sizes))
      const executable = yield* engine.compile(DenseStep.program(sizes), DenseStep.signature(sizes))
      const counts: Array<number> = []
      for (let step = 0; step < 20; step++) {
        yield* executable.run({ state, data, inputs: DenseStep.inputs(sizes, step) })
        counts.push(tf.memory().numTensors)
      }
      assert.deepStrictEqual(new Set(counts).size, 1, counts.join())
    }).pipe(Effect.provide(TensorFlow.layer()))
  )

  it.effect("keeps and gathers bytes, and widens them for other operations", () =>
    Effect.gen(function* () {
      const bytes = uint8([3, 2], Uint8Array.of(0, 1, 254, 255, 7, 8))
      const results = yield* runOnce(
        {
          name: "bytes",
          run: ({ inputs: { x } }) => {
            const rows = tf.gather(x!, [1, 1])
            return {
              outputs: {
                rows,
                byBytes: tf.gather(tf.range(0, 300), tf.gather(x!, [0, 1])),
                sum: tf.sum(rows),
                float: tf.div(tf.cast(rows, "float32"), 255),
                product: tf.mul(x!, x!)
              }
            }
          }
        },
        { x: bytes }
      )
      assert.deepStrictEqual(results, {
        rows: int32([2, 2], Int32Array.of(254, 255, 254, 255)),
        byBytes: float32([2, 2], Float32Array.of(0, 1, 254, 255)),
        sum: int32([], Int32Array.of(1018)),
        float: float32([2, 2], Float32Array.of(254 / 255, 1, 254 / 255, 1)),
        product: int32([3, 2], Int32Array.of(0, 1, 254 * 254, 255 * 255, 49, 64))
      })
    }).pipe(Effect.provide(TensorFlow.layer()))
  )

  it.effect("keeps the state if a run fails", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const state = yield* engine.place({ x: vector(1, 2) })
      const executable = yield* engine.compile(
        {
          name: "late failure",
          run: ({ state: { x } }) => ({
            state: { x: tf.add(x!, 1) },
            outputs: { y: tf.matMul(tf.ones([2, 3]), tf.ones([2, 3])) }
          })
        },
        { state: state.types, data: {}, inputs: {} }
      )
      yield* assertRefused(
        executable.run({ state, data: state, inputs: {} }),
        "late failure",
        "matMul of float32[2, 3] and float32[2, 3]: 3 columns do not match 2 rows"
      )
      assert.deepStrictEqual(yield* state.read, { x: vector(1, 2) })
    }).pipe(Effect.provide(TensorFlow.layer()))
  )

  it.effect("names the failed TensorFlow operation", () =>
    assertRefused(
      runOnce(
        { name: "top", run: ({ inputs: { x } }) => ({ outputs: { y: tf.stridedSlice(x!, [0], [2], [0]) } }) },
        { x: vector(1, 2) }
      ),
      "top",
      "StridedSlice: ",
      "strides[0] must be non-zero"
    ).pipe(Effect.provide(TensorFlow.layer()))
  )

  it.effect("shares a process with the reference engine, and external tensors stay usable", () =>
    Effect.gen(function* () {
      yield* Effect.promise(() => tf.setBackend("cpu"))
      const outside = tf.tensor1d([1, 2])
      const program: Program = {
        name: "closure",
        run: ({ inputs: { x } }) => ({
          outputs: {
            y: tf.mul(x!, outside),
            backend: tf.tensor1d([...tf.getBackend()].map((letter) => letter.charCodeAt(0)))
          }
        })
      }
      const run = runOnce(program, { x: vector(3, 4) })
      for (let round = 0; round < 2; round++) {
        const mine = yield* Effect.provide(run, TensorFlow.layer())
        const reference = yield* Effect.provide(run, Reference.layer)
        assert.deepStrictEqual(mine["y"], vector(3, 8))
        assert.deepStrictEqual(reference["y"], vector(3, 8))
        assert.strictEqual(String.fromCharCode(...mine["backend"]!.values), "tensorflow")
        assert.strictEqual(String.fromCharCode(...reference["backend"]!.values), "cpu")
      }
      outside.dispose()
    })
  )
})
