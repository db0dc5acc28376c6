import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { inOrder } from "../../../../src/core/engines/graph/Graph.ts"
import { simplify } from "../../../../src/core/engines/graph/Simplify.ts"
import { trace } from "../../../../src/core/engines/graph/Trace.ts"

type Call = (x: tf.Tensor4D, w: tf.Tensor4D, b: tf.Tensor1D) => tf.Tensor

/** The shapes of images that are transposed, filters aside. */
const transposed = (call: Call): ReadonlyArray<ReadonlyArray<number>> => {
  const inputs = {
    x: { shape: [2, 6, 6, 3], dtype: "float32" },
    w: { shape: [3, 3, 3, 3], dtype: "float32" },
    b: { shape: [3], dtype: "float32" }
  } as const
  const graph = trace(
    {
      name: "transposes",
      run: ({ inputs }) => ({
        outputs: { y: call(inputs["x"] as tf.Tensor4D, inputs["w"] as tf.Tensor4D, inputs["b"] as tf.Tensor1D) }
      })
    },
    { state: {}, data: {}, inputs }
  )
  return inOrder(Object.values(simplify(graph).outputs)).flatMap((value) =>
    value.kind === "operation" && value.operator === "Transpose" && value.inputs[0]!.shape[0] === 2
      ? [value.inputs[0]!.shape]
      : []
  )
}

const layer: Call = (x, w, b) => tf.relu(tf.add(tf.conv2d(x, w, 1, "same"), b))

describe("Transposes", () => {
  it("leaves one before and one behind a chain of convolutions and pooling", () => {
    assert.deepStrictEqual(
      transposed((x, w, b) => {
        const pooled = tf.maxPool(layer(layer(x, w, b) as tf.Tensor4D, w, b) as tf.Tensor4D, 2, 2, "same")
        return tf.mul(tf.softplus(layer(pooled, w, b)), 2)
      }),
      [
        [2, 6, 6, 3],
        [2, 3, 3, 3]
      ]
    )
  })

  it("sums over images need none", () => {
    assert.deepStrictEqual(
      transposed((x, w, b) => tf.sum(layer(x, w, b), [0, 1, 2])),
      [[2, 6, 6, 3]]
    )
  })

  it("keeps them where something of another layout takes part", () => {
    assert.deepStrictEqual(
      transposed((x, w, b) => tf.mul(layer(x, w, b), tf.exp(x))),
      [
        [2, 6, 6, 3],
        [2, 3, 6, 6]
      ]
    )
  })

  it("images of one channel are only reshaped", () => {
    assert.deepStrictEqual(
      transposed((x, w) => tf.conv2d(tf.slice(x, 0, [-1, -1, -1, 1]), tf.slice(w, 0, [3, 3, 1, 1]), 1, "same")),
      []
    )
  })
})
