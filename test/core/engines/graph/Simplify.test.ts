import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { inOrder } from "../../../../src/core/engines/graph/Graph.ts"
import { simplify } from "../../../../src/core/engines/graph/Simplify.ts"
import { trace } from "../../../../src/core/engines/graph/Trace.ts"

type Call = (x: tf.Tensor2D, w: tf.Tensor2D, b: tf.Tensor1D) => tf.Tensor

/** The operators that are left of a program, in order. */
const operators = (...calls: ReadonlyArray<Call>): ReadonlyArray<string> => {
  const graph = trace(
    {
      name: "simplify",
      run: ({ inputs }) => ({
        outputs: Object.fromEntries(
          calls.map((call, index) => [
            String(index),
            call(inputs["x"] as tf.Tensor2D, inputs["w"] as tf.Tensor2D, inputs["b"] as tf.Tensor1D)
          ])
        )
      })
    },
    {
      state: {},
      data: {},
      inputs: {
        x: { shape: [4, 3], dtype: "float32" },
        w: { shape: [3, 2], dtype: "float32" },
        b: { shape: [2], dtype: "float32" }
      }
    }
  )
  const values = inOrder(Object.values(simplify(graph).outputs))
  return values.flatMap((value) => (value.kind === "operation" ? [value.operator] : []))
}

describe("Simplify", () => {
  it("removes dead code and identities", () => {
    assert.deepStrictEqual(
      operators((x) => {
        tf.exp(x)
        return tf.cast(tf.reshape(tf.clone(x), [4, 3]), "float32")
      }),
      []
    )
    assert.deepStrictEqual(
      operators((x) => tf.reshape(tf.reshape(tf.exp(x), [12]), [2, 6])),
      ["Exp", "Reshape"]
    )
  })

  it("computes equal values once", () => {
    assert.deepStrictEqual(
      operators(
        (x) => tf.exp(tf.add(x, 1)),
        (x) => tf.log(tf.add(x, tf.scalar(1)))
      ),
      ["Add", "Exp", "Log"]
    )
  })

  it("makes a dense layer one Gemm, unless the product is needed by itself", () => {
    assert.deepStrictEqual(
      operators((x, w, b) => tf.add(tf.matMul(x, w), b)),
      ["Gemm"]
    )
    assert.deepStrictEqual(
      operators(
        (x, w, b) => tf.add(b, tf.matMul(x, w)),
        (x, w) => tf.matMul(x, w)
      ),
      ["Gemm", "Add"]
    )
    // A sum that is larger than the product is no bias.
    assert.deepStrictEqual(
      operators((x, w) => tf.add(tf.matMul(x, w), tf.reshape(tf.range(0, 40), [5, 4, 2]))),
      ["Gemm", "Add"]
    )
  })

  it("makes a convolution with its bias and what cuts it off one operation, unless a part is needed by itself", () => {
    const images = (x: tf.Tensor2D, w: tf.Tensor2D) => {
      const filter = tf.reshape(w, [1, 1, 3, 2]) as tf.Tensor4D
      return tf.conv2d(tf.reshape(x, [2, 2, 1, 3]) as tf.Tensor4D, filter, 1, "same")
    }
    const kinds = (...calls: ReadonlyArray<Call>) =>
      operators(...calls).filter((operator) => !["Reshape", "Transpose"].includes(operator))
    assert.deepStrictEqual(
      kinds((x, w, b) => tf.relu(tf.add(images(x, w), b))),
      ["Conv", "Relu"]
    )
    assert.deepStrictEqual(
      kinds(
        (x, w, b) => tf.relu(tf.add(images(x, w), b)),
        (x, w) => images(x, w)
      ),
      ["Conv", "Add", "Max"]
    )
    // Each place has its own.
    assert.deepStrictEqual(
      kinds((x, w) => tf.add(images(x, w), tf.reshape(tf.range(0, 2), [2, 1, 1]))),
      ["Conv", "Add"]
    )
  })

  it("takes tensors of equal numbers as one number, and leaves out multiplication by ones", () => {
    assert.deepStrictEqual(
      operators((x) => tf.add(x, tf.fill([4, 3], 2))),
      ["Add"]
    )
    assert.deepStrictEqual(
      operators((x) => tf.mul(tf.ones([4, 3]), x)),
      []
    )
    // The derivative of a mean of squares, by hand `x / 6`.
    assert.deepStrictEqual(
      operators((x) => tf.grad((y: tf.Tensor) => tf.mean(tf.square(y)))(x)),
      ["Mul", "Mul"]
    )
  })
})
