import { NodeServices } from "@effect/platform-node"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, Layer, Scope } from "effect"
import { Engine } from "../../../src/core/Engine.ts"
import { probe } from "../../../src/core/engines/onnxruntime/Probe.ts"
import * as OnnxRuntime from "../../../src/core/engines/OnnxRuntime.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import * as Accuracy from "../../../src/testing/Accuracy.ts"
import { assertRefused } from "../../../src/testing/EngineAgreement.ts"
import { engineContract } from "../../../src/testing/EngineContract.ts"
import { needs } from "../../machine/Capability.ts"
import { webGpu } from "../../machine/WebGpu.ts"
import { compileAccumulate, vector } from "../../../src/testing/EnginePrograms.ts"

const layer = OnnxRuntime.layer({ device: "webgpu" })

describe("webgpu", needs(webGpu), () => {
  // With one engine open all the time, shaders are compiled once for all tests.
  const scope = Effect.runSync(Scope.make())
  beforeAll(async () => void (await Effect.runPromise(Layer.buildWithScope(layer, scope))))
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  engineContract("onnxruntime on webgpu", layer, Accuracy.webGpu)

  it.live("the probe passes, and distinguishes software from a GPU", () =>
    Effect.gen(function* () {
      const { software } = yield* probe("webgpu")
      assert.strictEqual(software, webGpu.value === "hardware" ? undefined : "SwiftShader")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("refuses tensors of a closed engine, and releases its buffers once", () =>
    Effect.gen(function* () {
      const state = yield* Effect.provide(
        Effect.gen(function* () {
          const engine = yield* Engine
          const state = yield* engine.place({ sum: vector(1, 2) })
          const executable = yield* compileAccumulate
          yield* executable.run({ state, data: state, inputs: { x: vector(1, 1) } })
          return state
        }),
        layer
      )
      yield* assertRefused(state.read, "closed")
    })
  )

  it.effect("does not interleave reads with runs", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const state = yield* engine.place({ a: vector(0), b: vector(0) })
      const executable = yield* engine.compile(
        {
          name: "both",
          run: ({ state: { a, b } }) => ({ state: { a: tf.add(a!, 1), b: tf.add(b!, 1) }, outputs: {} })
        },
        { state: state.types, data: {}, inputs: {} }
      )
      const run = executable.run({ state, data: state, inputs: {} })
      const reads = yield* Effect.forEach(
        Array.from({ length: 12 }, (_, index) => index),
        (index) => (index % 3 === 0 ? state.read : Effect.andThen(run, state.read)),
        { concurrency: "unbounded" }
      )
      for (const { a, b } of reads) assert.deepStrictEqual(a, b)
      assert.deepStrictEqual((yield* state.read)["a"], vector(8))
    }).pipe(Effect.provide(layer))
  )

  it.effect("keeps its memory flat, and the state on the device", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const size = 2 ** 18
      const state = yield* engine.place({ x: float32([size], new Float32Array(size)) })
      const executable = yield* engine.compile(
        {
          name: "count",
          run: ({ state: { x } }) => ({
            state: { x: tf.add(x!, 1) },
            outputs: { one: tf.sum(tf.slice(x!, [0], [1])) }
          })
        },
        { state: state.types, data: {}, inputs: {} }
      )
      const run = executable.run({ state, data: state, inputs: {} })
      const runs = (count: number) => Effect.forEach(Array.from({ length: count }), () => run, { discard: true })
      yield* runs(100)
      const before = process.memoryUsage.rss()
      yield* runs(500)
      // The buffers of 500 runs would be 500 MiB.
      assert.isBelow(process.memoryUsage.rss() - before, 100 * 2 ** 20)
      assert.strictEqual((yield* state.read)["x"]!.values[7], 600)
    }).pipe(Effect.provide(layer))
  )
})
