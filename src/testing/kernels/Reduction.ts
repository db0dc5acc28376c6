/**
 * Reductions and scans along axes.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type KernelCases, of, floats, integers, list, truth, reduced, truths } from "../KernelCase.ts"

export const reductions: KernelCases = {
  All: truths(tf.all),
  Any: truths(tf.any),
  ArgMax: [
    of([floats([3, 5])], (x) => tf.argMax(x, 1), { gradient: false }),
    of([floats([3, 5])], (x) => tf.argMax(x), { gradient: false }),
    of([integers([4, 3])], (x) => tf.argMax(x, -1)),
    of([list(1, 3, 3, 2)], (x) => tf.argMax(x), { gradient: false })
  ],
  ArgMin: [
    of([floats([3, 5])], (x) => tf.argMin(x, 1), { gradient: false }),
    of([list(3, 1, 1, 2)], (x) => tf.argMin(x), { gradient: false })
  ],
  Cumprod: [
    of([floats([2, 5])], (x) => tf.cumprod(x, 1), { gradient: false }),
    of([floats([2, 5])], (x) => tf.cumprod(x, 1, true, true), { gradient: false }),
    of([floats([4, 2])], (x) => tf.cumprod(x, 0, true), { gradient: false }),
    of([integers([4], 1, 4)], (x) => tf.cumprod(x, 0, false, true))
  ],
  Cumsum: [
    of([floats([2, 5])], (x) => tf.cumsum(x, 1), { floor: 1e-6 }),
    of([floats([2, 5])], (x) => tf.cumsum(x, 1, true, true), { floor: 1e-6 }),
    of([floats([4, 2])], (x) => tf.cumsum(x, 0, true), { floor: 1e-6, gradient: false }),
    of([integers([4])], (x) => tf.cumsum(x, 0, false, true))
  ],
  Max: reduced(tf.max),
  Mean: reduced(tf.mean, { floor: 1e-6 }),
  Min: reduced(tf.min),
  Prod: reduced(tf.prod),
  Softmax: [
    of([floats([2, 5])], (x) => tf.softmax(x), { floor: 1e-6 }),
    of([list(-1000, 0, 1000)], (x) => tf.softmax(x)),
    of([floats([2, 5])], (x) => tf.logSoftmax(x), { floor: 1e-6 })
  ],
  Sum: [...reduced(tf.sum, { floor: 1e-5 }), of([integers([2, 3], 0, 2)], (x) => tf.sum(truth(x), 0))]
}
