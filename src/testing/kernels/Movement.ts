/**
 * Movement of elements: transposes, slices, concatenation and so on.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type KernelCases, of, floats, integers, list, truth, moved } from "../KernelCase.ts"

export const movement: KernelCases = {
  Cast: [
    of([list(-2.7, -0.5, 0, 0.5, 2.7)], (x) => tf.cast(x, "int32"), { gradient: false }),
    of([list(-2.7, 0, 0.5)], (x) => tf.cast(x, "bool"), { gradient: false }),
    of([integers([5])], (x) => tf.cast(x, "float32")),
    of([integers([5])], (x) => tf.cast(x, "bool")),
    of([integers([5], 0, 2)], (x) => tf.cast(truth(x), "float32")),
    of([integers([5], 0, 2)], (x) => tf.cast(truth(x), "int32"))
  ],
  Concat: [
    of([floats([2, 3]), floats([2, 1], 5, 6)], (a, b) => tf.concat([a, b], 1)),
    of([floats([2, 3]), floats([1, 3], 5, 6), floats([3, 3])], (a, b, c) => tf.concat([a, b, c], 0)),
    of([integers([2]), integers([3])], (a, b) => tf.concat([a, b])),
    of([integers([2], 0, 2), integers([3], 0, 2)], (a, b) => tf.concat([truth(a), truth(b)]))
  ],
  ExpandDims: [
    ...moved([2, 3], (x) => tf.expandDims(x, 1)),
    of([floats([2])], (x) => tf.expandDims(x, -1)),
    of([floats([])], (x) => tf.expandDims(x))
  ],
  Identity: moved([2, 3], (x) => tf.clone(x)),
  Pack: [
    of([floats([2, 3]), floats([2, 3], 5, 6)], (a, b) => tf.stack([a, b])),
    of([floats([2, 3]), floats([2, 3], 5, 6)], (a, b) => tf.stack([a, b], 2)),
    of([floats([]), floats([])], (a, b) => tf.stack([a, b])),
    of([integers([2])], (a) => tf.stack([a, a], 1))
  ],
  PadV2: [
    ...moved([2, 3], (x) =>
      tf.pad(x, [
        [1, 0],
        [2, 1]
      ])
    ),
    of([floats([3])], (x) => tf.pad(x, [[1, 2]], -7.5))
  ],
  Reshape: [
    ...moved([2, 6], (x) => tf.reshape(x, [3, -1])),
    of([floats([1, 1])], (x) => tf.reshape(x, [])),
    of([floats([2, 3])], (x) => tf.squeeze(tf.reshape(x, [1, 6, 1])))
  ],
  Reverse: [
    ...moved([2, 3], (x) => tf.reverse(x, 1)),
    of([floats([2, 3, 2])], (x) => tf.reverse(x, [0, -1])),
    of([floats([3])], (x) => tf.reverse(x))
  ],
  Slice: [
    ...moved([4, 3], (x) => tf.slice(x, [1, 1], [2, -1])),
    of([floats([5])], (x) => tf.slice(x, 2)),
    of([floats([2, 2, 3])], (x) => tf.slice(x, [0, 1, 0], [2, 1, 2]))
  ],
  SplitV: [
    ...moved([4, 3], (x) => tf.split(x, 2)),
    of([floats([2, 6])], (x) => tf.split(x, [1, 2, 3], 1)),
    of([floats([2, 6])], (x) => tf.split(x, 3, -1))
  ],
  StridedSlice: [
    of([floats([6])], (x) => tf.stridedSlice(x, [1], [6], [2]), { gradient: false }),
    of([floats([4, 5])], (x) => tf.stridedSlice(x, [3, 4], [0, 0], [-1, -2]), { gradient: false }),
    of([floats([4, 5])], (x) => tf.stridedSlice(x, [-1, 0], [-5, 3], [-2, 1]), { gradient: false }),
    of([integers([4, 5])], (x) => tf.stridedSlice(x, [1, 0], [2, 4], [1, 1], 0, 0, 0, 0, 1))
  ],
  Tile: [
    ...moved([2, 3], (x) => tf.tile(x, [2, 1])),
    of([floats([1, 3])], (x) => tf.tile(x, [4, 1])),
    of([floats([3])], (x) => tf.broadcastTo(x, [2, 3])),
    of([floats([2, 3])], (x) => tf.tile(x, [1, 3]))
  ],
  Transpose: [
    ...moved([2, 3, 4], (x) => tf.transpose(x, [2, 0, 1])),
    of([floats([2, 3])], (x) => tf.transpose(x)),
    of([floats([3])], (x) => tf.transpose(x))
  ],
  Unpack: [
    ...moved([3, 2], (x) => tf.unstack(x)),
    of([floats([2, 3, 2])], (x) => tf.unstack(x, 1)),
    of([floats([2, 1])], (x) => tf.unstack(x, -1), { gradient: false })
  ]
}
