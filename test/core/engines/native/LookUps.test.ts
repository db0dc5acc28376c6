import { assert, describe, vi } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import * as ort from "onnxruntime-node"
import { Engine, type Program } from "../../../../src/core/Engine.ts"
import * as Native from "../../../../src/core/engines/Native.ts"
import { float32, int32, typesOf } from "../../../../src/core/Tensors.ts"
import { nativeTest } from "./NativeTest.ts"

/** Sums of rows by an index that is computed, and the sums that belong to each row. */
const program: Program = {
  name: "look-ups",
  run: ({ data, inputs }) => {
    const index = tf.sub(inputs["index"]!, tf.scalar(1, "int32")) as tf.Tensor1D
    const sums = tf.unsortedSegmentSum(data["rows"]!, index, 3)
    return { outputs: { sums, chosen: tf.gather(sums, tf.mul(index, tf.scalar(2, "int32")) as tf.Tensor1D) } }
  }
}

describe("computed indices", () => {
  nativeTest("choose and sum rows without another engine; what is out of bounds touches no memory outside", ({ set }) =>
    Effect.gen(function* () {
      const create = vi.spyOn(ort.InferenceSession, "create")
      for (const threads of [1, 2]) {
        const engine = yield* Effect.map(Layer.build(Native.layer({ threads, instructionSet: set.name })), (context) =>
          Effect.provide(Engine, context)
        ).pipe(Effect.flatten)
        const data = { rows: float32([5, 2], Float32Array.of(1, 2, 10, 20, 100, 200, 1000, 2000, 10_000, 20_000)) }
        const inputs = { index: int32([5], Int32Array.of(1, 2, 1, 2_000_000_000, -2_000_000_000)) }
        const signature = { state: {}, data: typesOf(data), inputs: typesOf(inputs) }
        const executable = yield* engine.compile(program, signature)
        const placed = { state: yield* engine.place({}), data: yield* engine.place(data) }
        const { chosen, sums } = yield* executable.run({ ...placed, inputs })
        // As in TensorFlow.js, a row without a place is left out of the sums.
        assert.deepStrictEqual([...sums!.values], [101, 202, 10, 20, 0, 0])
        // The doubled indices are 0, 2, 0, and two that are far outside: those give the nearest row.
        assert.deepStrictEqual([...chosen!.values].slice(0, 6), [101, 202, 0, 0, 101, 202])
        for (const value of [...chosen!.values].slice(6)) assert.include([101, 202, 0], value)
      }
      assert.strictEqual(create.mock.calls.length, 0, "sessions of onnxruntime")
      create.mockRestore()
    })
  )
})
