import { assert, describe, it, vi } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as ort from "onnxruntime-node"
import { Engine, type Program } from "../../../src/core/Engine.ts"
import { kernels } from "../../../src/core/engines/graph/Kernels.ts"
import * as OnnxRuntime from "../../../src/core/engines/OnnxRuntime.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { assertRefused } from "../../../src/testing/EngineAgreement.ts"
import { engineContract } from "../../../src/testing/EngineContract.ts"
import { kernelCases } from "../../../src/testing/KernelCases.ts"

engineContract("onnxruntime", OnnxRuntime.layer({ threads: 1 }))
engineContract("onnxruntime without fusing", OnnxRuntime.layer({ threads: 1, fuse: false }))

const four = { state: {}, data: {}, inputs: { x: { shape: [4], dtype: "float32" } } } as const

const compile = (name: string, run: (x: tf.Tensor) => tf.Tensor) => {
  const program: Program = { name, run: ({ inputs }) => ({ outputs: { y: run(inputs["x"]!) } }) }
  return Engine.use((engine) => engine.compile(program, four))
}

describe("onnxruntime", () => {
  it("has a case for each kernel that is recorded, and records each kernel that has a case", () => {
    assert.deepStrictEqual(Object.keys(kernels).toSorted(), Object.keys(kernelCases).toSorted())
  })

  it.effect("names a kernel that is not recorded, in a program or in its derivative", () =>
    Effect.gen(function* () {
      yield* assertRefused(
        compile("sorts", (x) => tf.topk(x, 2).values),
        "sorts",
        "TopK"
      )
      yield* assertRefused(
        compile("batch axes", (x) => tf.gather(tf.reshape(x, [2, 2]), tf.tensor2d([[0], [1]], [2, 1], "int32"), 1, 1)),
        "GatherV2",
        "batchDims"
      )
      yield* assertRefused(
        compile("channels first", (x) =>
          tf.conv2d(tf.reshape(x, [1, 1, 2, 2]) as tf.Tensor4D, tf.ones<tf.Rank.R4>([1, 1, 1, 1]), 1, "same", "NCHW")
        ),
        "channels first",
        "NHWC"
      )
      yield* assertRefused(
        compile("complex", (x) => tf.real(tf.complex(x, x))),
        "Complex"
      )
    }).pipe(Effect.provide(OnnxRuntime.layer()))
  )

  it.effect("refuses to read values while it records", () =>
    Effect.gen(function* () {
      for (const read of [(x: tf.Tensor) => x.dataSync(), (x: tf.Tensor) => x.arraySync()]) {
        yield* assertRefused(
          compile("looks", (x) => {
            read(tf.add(x, 1))
            return x
          }),
          "looks",
          "reads the values"
        )
      }
      // Numbers that the program made itself are known.
      yield* compile("knows", (x) => tf.mul(x, tf.scalar(3).dataSync()[0]!))
    }).pipe(Effect.provide(OnnxRuntime.layer()))
  )

  it.effect("does not change TensorFlow.js's backend, and external tensors stay usable", () =>
    Effect.gen(function* () {
      yield* Effect.promise(() => tf.setBackend("cpu"))
      const outside = tf.tensor1d([1, 2, 3, 4])
      const executable = yield* compile("closure", (x) => tf.mul(x, outside))
      assert.strictEqual(tf.getBackend(), "cpu")
      assert.deepStrictEqual([...tf.add(outside, 1).dataSync()], [2, 3, 4, 5])
      const nothing = yield* Engine.use((engine) => engine.place({}))
      const inputs = { x: float32([4], Float32Array.of(2, 2, 2, 2)) }
      const { y } = yield* executable.run({ state: nothing, data: nothing, inputs })
      assert.deepStrictEqual([...y!.values], [2, 4, 6, 8])
    }).pipe(Effect.provide(OnnxRuntime.layer()))
  )

  it.effect("releases each session that it created", () =>
    Effect.gen(function* () {
      const create = vi.spyOn(ort.InferenceSession, "create")
      const released: Array<unknown> = []
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* compile("one", (x) => tf.add(x, 1))
          yield* compile("two", (x) => tf.add(x, 2))
          for (const { value } of create.mock.results) {
            const session = yield* Effect.promise(() => Promise.resolve(value as ort.InferenceSession))
            const release = vi.spyOn(session, "release")
            release.mockImplementation(() => {
              released.push(session)
              release.mockRestore()
              return session.release()
            })
          }
          assert.strictEqual(create.mock.calls.length, 2)
          assert.deepStrictEqual(released, [])
        })
      )
      assert.strictEqual(released.length, 2)
      create.mockRestore()
    }).pipe(Effect.provide(OnnxRuntime.layer()))
  )

  it.effect("gives the same bits with one thread and with two", () =>
    Effect.gen(function* () {
      const run = Effect.scoped(
        Effect.gen(function* () {
          const engine = yield* Engine
          const nothing = yield* engine.place({})
          const executable = yield* engine.compile(
            {
              name: "product",
              run: ({ inputs: { x } }) => ({
                outputs: { y: tf.softplus(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D)), s: tf.sum(x!, 0) }
              })
            },
            { state: {}, data: {}, inputs: { x: { shape: [96, 96], dtype: "float32" } } }
          )
          const x = float32(
            [96, 96],
            Float32Array.from({ length: 96 * 96 }, (_, index) => Math.sin(index))
          )
          return yield* executable.run({ state: nothing, data: nothing, inputs: { x } })
        })
      )
      const one = yield* Effect.provide(run, OnnxRuntime.layer({ threads: 1 }))
      const two = yield* Effect.provide(run, OnnxRuntime.layer({ threads: 2 }))
      assert.deepStrictEqual(one, two)
    })
  )
})
