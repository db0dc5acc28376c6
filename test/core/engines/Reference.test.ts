import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Engine } from "../../../src/core/Engine.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import { float32, int32, uint8 } from "../../../src/core/Tensors.ts"
import { engineContract } from "../../../src/testing/EngineContract.ts"

engineContract("reference", Reference.layer)

describe("Reference", () => {
  it.effect("gathers bytes, replaces state and leaves no tensors behind", () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      yield* Effect.scoped(
        Effect.gen(function* () {
          const engine = yield* Engine
          const state = yield* engine.place({ sum: float32([2], new Float32Array([1, 2])) })
          const data = yield* engine.place({ images: uint8([3, 2], new Uint8Array([0, 1, 254, 255, 7, 8])) })
          const executable = yield* engine.compile(
            {
              name: "accumulate",
              run: ({ state, data, inputs }) => {
                const rows = tf.gather(data["images"]!, inputs["indices"] as tf.Tensor1D)
                return { state: { sum: tf.add(state["sum"]!, tf.sum(tf.cast(rows, "float32"), 0)) }, outputs: { rows } }
              }
            },
            {
              state: { sum: { shape: [2], dtype: "float32" } },
              data: { images: { shape: [3, 2], dtype: "uint8" } },
              inputs: { indices: { shape: [2], dtype: "int32" } }
            }
          )
          const during = tf.memory().numTensors
          const inputs = { indices: int32([2], new Int32Array([1, 1])) }
          const { rows } = yield* executable.run({ state, data, inputs })
          assert.deepStrictEqual(rows, int32([2, 2], new Int32Array([254, 255, 254, 255])))
          yield* executable.run({ state, data, inputs })
          assert.deepStrictEqual((yield* state.read)["sum"]?.values, new Float32Array([1017, 1022]))
          assert.strictEqual(tf.memory().numTensors, during)
        })
      )
      assert.strictEqual(tf.memory().numTensors, before)
    }).pipe(Effect.provide(Reference.layer))
  )
})
