/**
 * Comparisons, logic and choice.
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  type KernelCases,
  of,
  floats,
  integers,
  integerList,
  truth,
  notFinite,
  extremes,
  compared,
  logical
} from "../KernelCase.ts"

export const comparison: KernelCases = {
  Equal: compared(tf.equal),
  Greater: compared(tf.greater),
  GreaterEqual: compared(tf.greaterEqual),
  IsFinite: [of([notFinite], tf.isFinite), of([extremes], tf.isFinite), of([integers([3])], tf.isFinite)],
  IsInf: [of([notFinite], tf.isInf), of([extremes], tf.isInf)],
  IsNan: [of([notFinite], tf.isNaN), of([extremes], tf.isNaN)],
  Less: compared(tf.less),
  LessEqual: compared(tf.lessEqual),
  LogicalAnd: logical(tf.logicalAnd),
  LogicalNot: [of([integerList(0, 1)], (x) => tf.logicalNot(truth(x)))],
  LogicalOr: logical(tf.logicalOr),
  NotEqual: compared(tf.notEqual),
  Select: [
    of([integers([2, 3], 0, 2), floats([2, 3]), floats([2, 3], 5, 6)], (c, a, b) => tf.where(truth(c), a, b)),
    of([integers([2, 1], 0, 2), floats([3]), floats([2, 3], 5, 6)], (c, a, b) => tf.where(truth(c), a, b)),
    of([integers([], 1, 2), floats([2, 2]), floats([2, 2])], (c, a, b) => tf.where(truth(c), a, b)),
    of([integers([4], 0, 2), integers([4]), integers([4])], (c, a, b) => tf.where(truth(c), a, b)),
    of([integers([4], 0, 2), integers([4], 0, 2)], (c, a) => tf.where(truth(c), truth(a), truth(c)))
  ]
}
