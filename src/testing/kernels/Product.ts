/**
 * Matrix products.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type KernelCases, of, floats, integers } from "../KernelCase.ts"

export const product: KernelCases = {
  BatchMatMul: [
    ...[false, true].flatMap((left) =>
      [false, true].flatMap((right) => [
        of([floats(left ? [5, 3] : [3, 5]), floats(right ? [4, 5] : [5, 4])], (a, b) => tf.matMul(a, b, left, right), {
          floor: 1e-5
        }),
        of(
          [floats(left ? [2, 5, 3] : [2, 3, 5]), floats(right ? [2, 4, 5] : [2, 5, 4])],
          (a, b) => tf.matMul(a, b, left, right),
          { floor: 1e-5 }
        )
      ])
    ),
    of([floats([1, 1]), floats([1, 1])], (a, b) => tf.matMul(a, b)),
    of([floats([2, 3, 2, 4]), floats([4, 3])], (a, b) => tf.matMul(a, b), { floor: 1e-5, gradient: false }),
    of([integers([2, 3]), integers([3, 2])], (a, b) => tf.matMul(a, b), { gradient: false }),
    of([floats([3, 4]), floats([4, 2]), floats([2])], (a, b, c) => tf.add(tf.matMul(a, b), c), { floor: 1e-5 })
  ]
}
