/**
 * Arithmetic of two or more operands.
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  binary,
  binaryAlike,
  binaryInteger,
  type KernelCases,
  of,
  floats,
  integers,
  list,
  integerList
} from "../KernelCase.ts"

export const arithmetic: KernelCases = {
  Add: [...binary(tf.add), ...binaryInteger(tf.add), of([floats([2, 2]), integers([2])], tf.add)],
  AddN: [
    of([floats([2, 3]), floats([2, 3], 1, 2), floats([2, 3], -9, 2)], (...all) => tf.addN(all), { floor: 1e-6 }),
    of([floats([])], (x) => tf.addN([x]))
  ],
  FloorDiv: [
    ...binary(tf.floorDiv, { low: -9, gradient: false }),
    of([integerList(7, -7, 7, -7, 5, 0, 2147483647), integerList(2, 2, -2, -2, 0, 0, -1)], tf.floorDiv, {
      gradient: false
    })
  ],
  Maximum: [
    ...binaryAlike(tf.maximum),
    ...binaryInteger(tf.maximum),
    of([list(NaN, 1, Infinity), list(1, NaN, 0)], tf.maximum, { gradient: false })
  ],
  Minimum: [
    ...binaryAlike(tf.minimum),
    ...binaryInteger(tf.minimum),
    of([list(NaN, 1, -Infinity), list(1, NaN, 0)], tf.minimum, { gradient: false })
  ],
  Mod: [
    ...binary(tf.mod, { low: -9, gradient: false, floor: 1e-6 }),
    of([list(7, -7, 7, -7, 0), list(3, 3, -3, -3, 3)], tf.mod),
    of([integerList(7, -7, 7, -7, 5), integerList(3, 3, -3, -3, 0)], tf.mod, { gradient: false })
  ],
  Multiply: [...binary(tf.mul), ...binaryInteger(tf.mul), of([floats([2, 2]), integers([2])], tf.mul)],
  Pow: [
    ...binary((a, b) => tf.pow(tf.abs(a), b)),
    of([list(-2, -1, 0, 2, 3), list(3, 2, 2, 0.5, -1)], tf.pow),
    of([integerList(2, 3, -2, 5), integerList(3, 2, 3, 0)], tf.pow, { gradient: false }),
    of([floats([3, 3])], (x) => tf.pow(x, 2))
  ],
  Prelu: [of([floats([4, 3]), floats([3], 0.1, 0.5)], tf.prelu), of([floats([4, 3]), floats([1], 0.1)], tf.prelu)],
  RealDiv: [
    ...binary(tf.div, { low: 1 }),
    of([list(1, -1, 0, 1e-30), list(0, 0, 0, 1e30)], tf.div, { gradient: false })
  ],
  SquaredDifference: [...binaryAlike(tf.squaredDifference), ...binaryInteger(tf.squaredDifference)],
  Sub: [...binary(tf.sub), ...binaryInteger(tf.sub)]
}
