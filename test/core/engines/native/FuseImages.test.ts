import { assert, describe, it, vi } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as ort from "onnxruntime-node"
import { Engine, type Program, type Signature } from "../../../../src/core/Engine.ts"
import * as Native from "../../../../src/core/engines/Native.ts"
import { avx2 } from "../../../../src/core/engines/native/avx2/Avx2.ts"
import { fuseImages } from "../../../../src/core/engines/native/FuseImages.ts"
import { imageKernels } from "../../../../src/core/engines/graph/ImageKernels.ts"
import { computed } from "../../../../src/core/engines/native/Lowering.ts"
import { isMovement } from "../../../../src/core/engines/native/View.ts"
import { simplify } from "../../../../src/core/engines/graph/Simplify.ts"
import { trace } from "../../../../src/core/engines/graph/Trace.ts"
import * as Reference from "../../../../src/core/engines/Reference.ts"
import { normal } from "../../../../src/core/Random.ts"
import { float32, sizeOf, type TensorTypes } from "../../../../src/core/Tensors.ts"
import { assertAgree } from "../../../../src/testing/EngineAgreement.ts"
import { nativeTest } from "./NativeTest.ts"

interface Values {
  readonly x: tf.Tensor4D
  readonly filter: tf.Tensor4D
  readonly bias: tf.Tensor1D
}

const types = (channels: number): TensorTypes => ({
  x: { shape: [3, 6, 6, 4], dtype: "float32" },
  filter: { shape: [3, 3, 4, channels], dtype: "float32" },
  bias: { shape: [channels], dtype: "float32" }
})

/** A program with what `f` gives as its outputs. */
const programOf = (
  f: (values: Values) => ReadonlyArray<tf.Tensor>,
  channels = 4
): { readonly program: Program; readonly signature: Signature } => ({
  program: {
    name: "images",
    run: ({ inputs: { bias, filter, x } }) => {
      const values = { x: x as tf.Tensor4D, filter: filter as tf.Tensor4D, bias: bias as tf.Tensor1D }
      return { outputs: Object.fromEntries(f(values).map((value, index) => [String(index), value])) }
    }
  },
  signature: { state: {}, data: {}, inputs: types(channels) }
})

const gradientsOf = (f: (x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D) => tf.Tensor) => (values: Values) =>
  tf.grads((x, filter, bias) => tf.sum(tf.square(f(x as tf.Tensor4D, filter as tf.Tensor4D, bias as tf.Tensor1D))))([
    values.x,
    values.filter,
    values.bias
  ])

const layer = (x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D =>
  tf.relu(tf.add(tf.conv2d(x, filter, 1, "same"), bias))

const transposed = (x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D =>
  tf.relu(tf.add(tf.conv2dTranspose(x, filter, [3, 12, 12, 4], 2, "same"), bias))

const programs = {
  "two layers": programOf(gradientsOf((x, filter, bias) => layer(layer(x, filter, bias), filter, bias))),
  transposed: programOf(gradientsOf((x, filter, bias) => transposed(x, filter, bias))),
  "pooling between": programOf(
    gradientsOf((x, filter, bias) => layer(tf.maxPool(layer(x, filter, bias), 2, 2, "valid"), filter, bias))
  ),
  "a layer whose results are needed before and after": programOf(({ bias, filter, x }) => {
    const convolved = tf.conv2d(x, filter, 1, "same") as tf.Tensor4D
    const biased = tf.add(convolved, bias)
    return [convolved, biased, tf.relu(biased), tf.mul(convolved, tf.step(tf.relu(x)))]
  }),
  "averages, strides, no padding": programOf(
    gradientsOf((x, filter, bias) =>
      tf.conv2d(tf.avgPool(tf.add(x, bias) as tf.Tensor4D, 2, 1, "valid"), filter, 2, "valid")
    )
  ),
  "seventeen channels": programOf(
    gradientsOf((x, filter, bias) => layer(x, filter, bias)),
    17
  )
}

describe("operators on images in a graph", () => {
  it("take in what stands behind them", () => {
    const { program, signature } = programs["two layers"]
    const graph = fuseImages(simplify(trace(program, signature, imageKernels)), avx2)
    const operators = computed(graph).flatMap((value) =>
      value.kind === "operation" && !isMovement(value) ? [value.operator] : []
    )
    const others = operators.filter((operator) => !/^(?:image|native)\./.test(operator))
    const once = ["image.Conv", "image.ConvInputGradient", "native.FilterGradient", "native.FilterParts"]
    assert.deepStrictEqual(
      operators.filter((operator) => !others.includes(operator)).toSorted(),
      once.flatMap((name) => [name, name])
    )
    assert.notInclude(others, "ReduceSum")
    assert.notInclude(others, "Max")
    // The last layer's own, whose results come from no operator on images.
    assert.strictEqual(others.filter((operator) => operator === "Ceil").length, 1)
  })

  for (const [name, { program, signature }] of Object.entries(programs)) {
    nativeTest(`have the reference engine's results without onnxruntime: ${name}`, ({ set }) =>
      Effect.gen(function* () {
        const create = vi.spyOn(ort.InferenceSession, "create")
        const inputs = Object.fromEntries(
          Object.entries(signature.inputs).map(([name, { shape }]) => [
            name,
            float32(shape, normal({ seed: 1, stream: name, step: 0 }, sizeOf(shape)))
          ])
        )
        const run = Effect.gen(function* () {
          const engine = yield* Engine
          const placed = { state: yield* engine.place({}), data: yield* engine.place({}) }
          const { run } = yield* engine.compile(program, signature)
          return yield* run({ ...placed, inputs })
        })
        const expected = yield* Effect.provide(run, Reference.layer)
        const actual = yield* Effect.provide(run, Native.layer({ threads: 2, instructionSet: set.name }))
        assertAgree(actual, expected, () => 1e-3)
        assert.strictEqual(create.mock.calls.length, 0, "onnxruntime ran the program")
        create.mockRestore()
      })
    )
  }
})
