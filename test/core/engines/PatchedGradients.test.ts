import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import type { Shape } from "../../../src/core/Tensors.ts"
import { assertGradients, normalValues } from "../../../src/testing/TensorProbe.ts"

/** Derivatives of a weighted sum against finite differences; both functions are linear. */
const check = (call: (x: tf.Tensor4D) => tf.Tensor, shape: Shape): void =>
  assertGradients(
    ({ x }) => {
      const result = call(x as tf.Tensor4D)
      return tf.sum(tf.mul(result, tf.sin(tf.reshape(tf.range(0, result.size), result.shape))))
    },
    { x: normalValues(1, "gradients", shape) }
  )

describe("Gradients", () => {
  it("average pooling divides by the number of elements that a window sees", () => {
    check((x) => tf.avgPool(x, 3, 2, "same"), [2, 4, 5, 2])
    check((x) => tf.avgPool(x, [2, 3], 1, "same"), [1, 3, 3, 1])
    check((x) => tf.avgPool(x, 3, 2, 1), [2, 5, 5, 1])
    check((x) => tf.avgPool(x, 2, 2, "valid"), [2, 5, 4, 3])
  })

  it("nearest neighbours belong to the same image, for any alignment", () => {
    for (const [alignCorners, halfPixelCenters] of [
      [false, false],
      [true, false],
      [false, true]
    ]) {
      for (const size of [
        [6, 8],
        [5, 3],
        [1, 9]
      ] as Array<[number, number]>) {
        check((x) => tf.image.resizeNearestNeighbor(x, size, alignCorners, halfPixelCenters), [3, 3, 4, 2])
      }
    }
  })
})
