/**
 * Creation of tensors.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type KernelCases, of, floats, integers, integerList } from "../KernelCase.ts"

export const creation: KernelCases = {
  Fill: [
    of([floats([2, 3])], (x) => tf.add(x, tf.fill([2, 3], 0.5))),
    of([], () => tf.fill([2], 3, "int32")),
    of([], () => tf.fill([], -2.5))
  ],
  LinSpace: [
    of([], () => tf.linspace(-1, 1, 7), { floor: 1e-6 }),
    of([floats([3])], (x) => tf.mul(x, tf.linspace(0, 5, 3)))
  ],
  OneHot: [
    of([integerList(0, 2, 5, -1)], (x) => tf.oneHot(x, 4)),
    of([integers([2, 3], 0, 3)], (x) => tf.oneHot(x, 3, 2, -1, "float32")),
    of([integerList(1)], (x) => tf.oneHot(x, 3, 1, 0, "bool"))
  ],
  OnesLike: [of([floats([2, 3])], tf.onesLike), of([integers([2])], tf.onesLike)],
  Range: [
    of([], () => tf.range(0, 5)),
    of([], () => tf.range(5, 0, -2, "int32")),
    of([floats([4])], (x) => tf.mul(x, tf.range(0, 1, 0.25)))
  ],
  ZerosLike: [of([floats([2, 3])], tf.zerosLike), of([integers([2])], tf.zerosLike)]
}
