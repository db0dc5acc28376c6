/**
 * Small programs and tensors for the contract of engines.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Engine, type Program, type Signature } from "../core/Engine.ts"
import { float32, type HostTensor, type HostTensors, int32, typesOf, uint8 } from "../core/Tensors.ts"

/** Runs a program without state and data once. */
export const runOnce = (program: Program, inputs: HostTensors) =>
  Effect.scoped(
    Effect.gen(function* () {
      const engine = yield* Engine
      const nothing = yield* engine.place({})
      const executable = yield* engine.compile(program, { state: {}, data: {}, inputs: typesOf(inputs) })
      return yield* executable.run({ state: nothing, data: nothing, inputs })
    })
  )

/** Adds the inputs to a running sum, of which it returns the previous value. */
export const accumulate: Program = {
  name: "accumulate",
  run: ({ state, inputs }) => ({
    state: { sum: tf.add(state["sum"]!, inputs["x"]!) },
    outputs: { before: state["sum"]! }
  })
}

export const accumulateSignature = {
  state: { sum: { shape: [2], dtype: "float32" } },
  data: {},
  inputs: { x: { shape: [2], dtype: "float32" } }
} satisfies Signature

export const vector = (...values: ReadonlyArray<number>): HostTensor =>
  float32([values.length], Float32Array.from(values))

/** Sums the rows of a byte matrix at the given indices; the total is state. */
export const rowSums = (batch: number): readonly [Program, Signature] => [
  {
    name: `row sums of ${batch}`,
    run: ({ state, data, inputs }) => {
      const rows = tf.gather(data["images"]!, inputs["indices"] as tf.Tensor1D)
      const sums = tf.sum(tf.cast(rows, "float32"), 1)
      return { state: { total: tf.add(state["total"]!, tf.sum(sums)) }, outputs: { rows, sums } }
    }
  },
  {
    state: { total: { shape: [], dtype: "float32" } },
    data: { images: { shape: [4, 3], dtype: "uint8" } },
    inputs: { indices: { shape: [batch], dtype: "int32" } }
  }
]

export const bytes = uint8([4, 3], Uint8Array.of(0, 1, 2, 253, 254, 255, 10, 20, 30, 100, 100, 100))
export const indices = (...values: ReadonlyArray<number>): HostTensor => int32([values.length], Int32Array.from(values))

export const nothing = Engine.use((engine) => engine.place({}))
export const compileAccumulate = Engine.use((engine) => engine.compile(accumulate, accumulateSignature))
