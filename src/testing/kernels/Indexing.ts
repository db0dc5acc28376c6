/**
 * Elements by index, and sums by index.
 */
import * as tf from "@tensorflow/tfjs-core"
import { int32 } from "../../core/Tensors.ts"
import { type KernelCases, of, floats, integers, integerList, truth } from "../KernelCase.ts"

export const indexing: KernelCases = {
  GatherV2: [
    of([floats([4, 3]), integerList(3, 0, 0)], (x, at) => tf.gather(x, at)),
    of([floats([2, 5]), integerList(4, 1)], (x, at) => tf.gather(x, at, 1)),
    of([floats([4, 2]), int32([2, 2], Int32Array.of(0, 3, 1, 1))], (x, at) => tf.gather(x, at)),
    of([integers([4]), int32([], Int32Array.of(2))], (x, at) => tf.gather(x, at)),
    of([integers([4, 2], 0, 2), integerList(2, 1)], (x, at) => tf.gather(truth(x), at)),
    // Indices that are computed, of one row repeated.
    of([floats([4, 3]), integerList(3, 0, 1)], (x, at) => tf.gather(x, tf.sub(tf.scalar(3, "int32"), at))),
    of([floats([4, 1]), integerList(2)], (x, at) => tf.mul(tf.gather(x, at), tf.ones([3, 2])))
  ],
  UnsortedSegmentSum: [
    of([floats([5, 2]), integerList(0, 2, 0, 1, 2)], (x, ids) => tf.unsortedSegmentSum(x, ids, 4), {
      floor: 1e-6
    }),
    of(
      [floats([5, 2]), integerList(0, 2, 0, 1, 2)],
      (x, ids) => tf.unsortedSegmentSum(x, tf.sub(tf.scalar(2, "int32"), ids), 3),
      { floor: 1e-6 }
    ),
    of([floats([4]), integerList(1, 1, 7, 1)], (x, ids) => tf.unsortedSegmentSum(x, ids, 2), {
      floor: 1e-6,
      gradient: false
    })
  ]
}
