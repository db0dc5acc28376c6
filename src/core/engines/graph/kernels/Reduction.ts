/**
 * Reductions and scans along axes.
 */
import {
  type ArgMaxAttrs,
  type CumsumAttrs,
  type MaxAttrs,
  type SoftmaxAttrs,
  type SumAttrs,
  util
} from "@tensorflow/tfjs-core"
import type { Value } from "../Graph.ts"
import { type Kernels, type One, onNumbers } from "../Kernel.ts"
import * as Op from "../Operators.ts"

const axesOf = (axis: number | Array<number>, x: Value): Array<number> => util.parseAxisParam(axis, [...x.shape])

/** `keepDims` is missing from some of TensorFlow.js's types, but always present. */
type Reduction = SumAttrs & { readonly keepDims: boolean }

const reduction =
  (operator: string, prepare: (x: Value) => Value = (x) => x) =>
  ({ x }: One, { axis, keepDims }: Reduction): Value =>
    Op.reduce(operator, prepare(x), axesOf(axis, x), keepDims)

/** Booleans are reduced as integers. */
const counted = (x: Value): Value => (x.type === "bool" ? Op.cast(x, "int32") : x)

/** Reduces booleans as integers 0 and 1. */
const logical =
  (operator: string) =>
  ({ x }: One, { axis, keepDims }: Reduction): Value =>
    Op.cast(Op.reduce(operator, Op.cast(x, "int32"), axesOf(axis, x), keepDims), "bool")

const argument =
  (operator: string) =>
  ({ x }: One, { axis }: ArgMaxAttrs): Value => {
    const along = axesOf(axis, x)[0]!
    const numbers = counted(x)
    const index = Op.operation(operator, [numbers], x.shape.toSpliced(along, 1), "int64", { axis: along, keepdims: 0 })
    return Op.cast(index, "int32")
  }

const cumulativeSum = ({ x }: One, { axis, exclusive, reverse }: CumsumAttrs): Value => {
  const [along] = axesOf(axis, x)
  const attributes = { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 }
  const numbers = counted(x)
  return Op.operation("CumSum", [numbers, Op.scalar(along!, "int64")], x.shape, numbers.type, attributes)
}

/** Shifts by `by` elements along an axis and fills with ones. */
const shifted = (x: Value, axis: number, by: number, reverse: boolean): Value => {
  const kept = x.shape.with(axis, x.shape[axis]! - by)
  const begin = x.shape.map((_, index) => (index === axis && reverse ? by : 0))
  const before: readonly [number, number] = reverse ? [0, by] : [by, 0]
  const paddings = x.shape.map((_, index) => (index === axis ? before : ([0, 0] as const)))
  return Op.pad(Op.slice(x, begin, kept), paddings, Op.like(x, 1))
}

/** A parallel prefix product: after `n` rounds each element is the product of the `2^n` elements up to it. */
const cumulativeProduct = ({ x }: One, { axis, exclusive, reverse }: CumsumAttrs): Value => {
  const along = axesOf(axis, x)[0]!
  const length = x.shape[along]!
  let product = exclusive ? shifted(counted(x), along, 1, reverse) : counted(x)
  for (let reach = 1; reach < length; reach *= 2) product = Op.mul(product, shifted(product, along, reach, reverse))
  return product
}

export const reductions: Kernels = onNumbers({
  All: logical("ReduceMin"),
  Any: logical("ReduceMax"),
  ArgMax: argument("ArgMax"),
  ArgMin: argument("ArgMin"),
  Cumprod: cumulativeProduct,
  Cumsum: cumulativeSum,
  Max: ({ x }: One, { reductionIndices, keepDims }: MaxAttrs) =>
    reduction("ReduceMax")({ x }, { axis: reductionIndices, keepDims }),
  Mean: reduction("ReduceMean", (x) => Op.cast(x, "float32")),
  Min: reduction("ReduceMin"),
  Prod: reduction("ReduceProd", counted),
  Softmax: ({ logits }: { readonly logits: Value }, { dim }: SoftmaxAttrs) =>
    Op.unary("Softmax", Op.cast(logits, "float32"), "float32", { axis: axesOf(dim, logits)[0]! }),
  Sum: reduction("ReduceSum", counted)
})
