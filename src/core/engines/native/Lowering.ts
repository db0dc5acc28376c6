/**
 * Lowers a graph to the form that machine code is compiled from: fewer kinds of operators, and copies of what must be
 * contiguous in memory.
 */
import { backend_util } from "@tensorflow/tfjs-core"
import { sizeOf } from "../../Tensors.ts"
import { type Constant, type Graph, type Operation, rewrite, type Value } from "../graph/Graph.ts"
import * as Op from "../graph/Operators.ts"
import { classOf, powerOperands, ruleOf } from "./Elementwise.ts"
import { isImageOperator } from "./ImageOperators.ts"
import type { Operator } from "./Reduction.ts"
import { Unsupported } from "./Unsupported.ts"
import { bounded, indexSource, isMovement, moved, type View, whole } from "./View.ts"

export type Kind = "elementwise" | "movement" | "reduction" | "product" | "image" | "concat" | "scatter"

/** How an operation is compiled. */
export const kindOf = (operation: Operation): Kind => {
  const { inputs, operator, type } = operation
  if (isMovement(operation)) return "movement"
  if (operator === "Gemm" || (operator === "MatMul" && type === "float32")) return "product"
  if (isImageOperator(operation)) return "image"
  if (operator === "ScatterND" && indexSource(inputs[1]!) !== undefined) return "scatter"
  if (operator === "Concat" && classOf(type) !== undefined) return "concat"
  if (/^Reduce(Sum|Prod|Max|Min)$/.test(operator) && classOf(type) !== "truth" && type === inputs[0]!.type)
    return "reduction"
  if (ruleOf(operation) !== undefined) return "elementwise"
  throw new Unsupported(`operator ${operator} of ${inputs.map((input) => input?.type).join(" and ")}`)
}

export const reducerOf = ({ operator }: Operation): Operator =>
  operator === "ScatterND" ? "Sum" : (operator.slice("Reduce".length) as Operator)

export const axesOf = ({ inputs }: Operation): ReadonlyArray<number> => integersOf(inputs[1])

/** The operands that are computed with; other inputs are parameters. */
export const operandsOf = (value: Value): ReadonlyArray<Value> => {
  if (value.kind !== "operation") return []
  const kind = kindOf(value)
  if (kind === "movement" || kind === "reduction") return [value.inputs[0]!]
  if (kind === "scatter") return [value.inputs[2]!]
  if (value.operator === "Pow") return powerOperands(value)
  return value.inputs.filter((input) => input !== undefined)
}

/** The computed indices by which a value gathers or scatters rows. */
export const indicesOf = (value: Value): ReadonlyArray<Value> => {
  if (value.kind !== "operation" || (value.operator !== "Gather" && value.operator !== "ScatterND")) return []
  const source = indexSource(value.inputs[1]!)
  return source?.kind === "operation" ? [source] : []
}

/** The values that the outputs are computed from, each after its operands. */
export const computed = ({ outputs }: Graph): ReadonlyArray<Value> => {
  const done = new Set<Value>()
  const visit = (value: Value): void => {
    if (done.has(value)) return
    operandsOf(value).forEach(visit)
    indicesOf(value).forEach(visit)
    done.add(value)
  }
  Object.values(outputs).forEach(visit)
  return [...done]
}

const copy = (value: Value): Operation => Op.operation("Identity", [value], value.shape, value.type)

/** The view of each value; undefined if it needs a copy. */
export const makeViews = () => {
  const views = new Map<Value, View | undefined>()
  const viewOf = (value: Value): View | undefined => {
    if (views.has(value)) return views.get(value)
    const isMoved = value.kind === "operation" && isMovement(value)
    const from = isMoved ? viewOf(value.inputs[0]!) : undefined
    const view = !isMoved ? whole(value) : from && moved(from, value)
    views.set(value, view)
    return view
  }
  return viewOf
}

/** Whether a view is its whole source in order. */
export const isWhole = ({ axes, offset, source }: View): boolean => {
  const [axis] = axes
  return (
    offset === 0 &&
    (axis === undefined
      ? sizeOf(source.shape) === 1
      : axes.length === 1 && axis.stride === 1 && axis.by === undefined && axis.size === sizeOf(source.shape))
  )
}

const integersOf = (value: Value | undefined): ReadonlyArray<number> => Array.from((value as Constant).values, Number)

/** `exp(x - max) / sum(exp(x - max))` along one axis. */
const softmax = (x: Value, axis: number): Value => {
  const axes = [axis < 0 ? x.shape.length + axis : axis]
  const shifted = Op.exp(Op.sub(x, Op.reduce("ReduceMax", x, axes, true)))
  return Op.div(shifted, Op.reduce("ReduceSum", shifted, axes, true))
}

/**
 * The error function to an absolute error of 1.5e-7: `sign(x) (1 - t P(t) exp(-x²))` with `t = 1 / (1 + p |x|)`.
 *
 * Source: Abramowitz and Stegun 1964, 7.1.26
 */
const erf = (x: Value): Value => {
  const { ERF_A1, ERF_A2, ERF_A3, ERF_A4, ERF_A5, ERF_P } = backend_util
  const size = Op.abs(x)
  const t = Op.div(Op.scalar(1), Op.add(Op.mul(size, Op.scalar(ERF_P)), Op.scalar(1)))
  const polynomial = [ERF_A4, ERF_A3, ERF_A2, ERF_A1, 0].reduce<Value>(
    (sum, coefficient) => Op.add(Op.mul(sum, t), Op.scalar(coefficient)),
    Op.scalar(ERF_A5)
  )
  const rest = Op.mul(polynomial, Op.exp(Op.mul(Op.mul(x, x), Op.scalar(-1))))
  return Op.mul(Op.unary("Sign", x), Op.sub(Op.scalar(1), rest))
}

/** Matrices along all axes but the last two: how many. */
const batchOf = ({ shape }: Value): number => sizeOf(shape.slice(0, -2))

/** The matrices below a transposition of the last two axes. */
const untransposed = (value: Value): Value | undefined => {
  if (value.kind !== "operation" || value.operator !== "Transpose") return undefined
  const axes = value.shape.map((_, axis) => axis)
  const swapped = [...axes.slice(0, -2), ...axes.slice(-2).toReversed()]
  return (value.attributes["perm"] as ReadonlyArray<number>).join() === swapped.join() ? value.inputs[0]! : undefined
}

/**
 * A batch of matrix products, `Σ_k a[..., m, k] b[..., k, n]`. Each operand has all matrices or one that all products
 * share; any other broadcast becomes a multiplication and a sum.
 */
const batchedProduct = (value: Operation): Value => {
  const [a, b] = value.inputs as readonly [Value, Value]
  if ([a, b].some((operand) => ![1, batchOf(value)].includes(batchOf(operand)))) return broadcastProduct(a, b)
  const [left, right] = [untransposed(a), untransposed(b)]
  return {
    ...value,
    inputs: [left ?? a, right ?? b],
    attributes: { transA: Number(left !== undefined), transB: Number(right !== undefined) }
  }
}

const broadcastProduct = (a: Value, b: Value): Value => {
  const [left, right] = [Op.reshape(a, [...a.shape, 1]), Op.reshape(b, b.shape.toSpliced(-2, 0, 1))]
  const products = Op.mul(left, right)
  return Op.reduce("ReduceSum", products, [products.shape.length - 2], false)
}

/** Constant padding, an axis at a time, beside the elements that negative padding leaves. */
const padded = (x: Value, paddings: ReadonlyArray<number>, fill: Value): Value => {
  const rank = x.shape.length
  const before = (axis: number) => paddings[axis]!
  const after = (axis: number) => paddings[rank + axis]!
  const begin = x.shape.map((_, axis) => Math.max(0, -before(axis)))
  const kept = x.shape.map((length, axis) => length + Math.min(0, before(axis)) + Math.min(0, after(axis)))
  return kept.reduce<Value>(
    (value, _, axis) => {
      const pad = (length: number) =>
        length > 0 ? [Op.expand(Op.reshape(fill, []), value.shape.with(axis, length))] : []
      return Op.concat([...pad(before(axis)), value, ...pad(after(axis))], axis)
    },
    Op.slice(x, begin, kept)
  )
}

/**
 * Indices within bounds, as `int32` in memory; indices that are inputs stay as they are. What is out of bounds becomes the
 * nearest row, so that no index can reach memory outside of a tensor.
 */
const withinBounds = (indices: Value, rows: number): Value => {
  if (indexSource(indices) !== undefined) return indices
  const isWide = ({ type }: Value) => type === "int64" || type === "uint32"
  let source = indices
  while (source.kind === "operation" && isWide(source) && ["Cast", "Reshape"].includes(source.operator))
    source = source.inputs[0]!
  const integers = source.type === "int32" ? source : Op.cast(source, "int32")
  const last = Op.min(Op.max(integers, Op.scalar(0, "int32")), Op.scalar(rows - 1, "int32")) as Operation
  return Op.reshape({ ...last, attributes: { [bounded]: rows } }, indices.shape)
}

/** The sums of rows that have the same index. */
const scattered = (value: Operation): Value => {
  const [data, places, rows] = value.inputs
  const indices = Op.reshape(places!, places!.shape.slice(0, -1))
  const sums = { ...value, inputs: [undefined, withinBounds(indices, value.shape[0]!), rows] }
  const from = data!.kind === "operation" && data!.operator === "Expand" ? data!.inputs[0]! : data!
  const isZero = from.kind === "constant" && from.values.every((element) => Number(element) === 0)
  return isZero ? sums : Op.add(data!, sums)
}

/** Operators in terms of fewer ones: a mean is a sum and a division, a product with a matrix added is two operations. */
const simpler = (value: Value): Value => {
  if (value.kind !== "operation") return value
  const [x, y, bias] = value.inputs
  if (value.operator === "ReduceMean") {
    const count = sizeOf(x!.shape) / sizeOf(value.shape)
    return Op.div({ ...value, operator: "ReduceSum" }, Op.scalar(count))
  }
  if (value.operator === "Gather") return { ...value, inputs: [x, withinBounds(y!, x!.shape[0]!)] }
  if (
    value.operator === "ScatterND" &&
    value.attributes["reduction"] === "add" &&
    value.type === "float32" &&
    y!.shape.at(-1) === 1
  )
    return scattered(value)
  if (value.operator === "Erf") return erf(x!)
  if (value.operator === "Softmax") return softmax(x!, value.attributes["axis"] as number)
  if (value.operator === "MatMul" && value.type === "float32") return batchedProduct(value)
  if (value.operator === "Pad" && classOf(value.type) !== "truth") return padded(x!, integersOf(y), bias!)
  if (
    value.operator === "Gemm" &&
    bias !== undefined &&
    (sizeOf(bias.shape) !== value.shape[1] || bias.shape.at(-1) !== value.shape[1])
  )
    return Op.add({ ...value, inputs: value.inputs.slice(0, 2) }, bias)
  return value
}

/** Adds copies for movements that are no views, and for operands that must be contiguous. */
const copied = (graph: Graph): Graph => {
  const viewOf = makeViews()
  const used = new Set(computed(graph))
  return rewrite(graph, (value, original) => {
    if (value.kind !== "operation" || !used.has(original)) return value
    const kind = kindOf(value)
    if (kind === "product" || kind === "image") {
      const inputs = value.inputs.map((input) => {
        const view = viewOf(input!)
        // A constant of one element is not in memory.
        const isPlaced = view?.source.kind !== "constant" || view.source.values.length > 1
        return view !== undefined && isWhole(view) && isPlaced ? input : copy(input!)
      })
      return { ...value, inputs }
    }
    if (kind !== "movement" || viewOf(value) !== undefined) return value
    const again: Operation = { ...value, inputs: [copy(value.inputs[0]!), ...value.inputs.slice(1)] }
    if (viewOf(again) === undefined) throw new Unsupported(`operator ${value.operator} of this kind`)
    return again
  })
}

/** Gives each result memory of its own. State that does not change is left out. */
const ownResults = ({ outputs }: Graph): Graph => {
  const taken = new Set<Value>()
  const own = (value: Value): Value => {
    const result = value.kind !== "operation" || kindOf(value) === "movement" || taken.has(value) ? copy(value) : value
    taken.add(result)
    return result
  }
  return {
    outputs: Object.fromEntries(
      Object.entries(outputs).flatMap(([name, value]) =>
        value.kind === "input" && value.name === name ? [] : [[name, own(value)]]
      )
    )
  }
}

/** The lowered graph. Raises `Unsupported` for operators without machine code. */
export const prepare = (traced: Graph): Graph => {
  const graph = rewrite(traced, simpler)
  for (const value of computed(graph)) if (sizeOf(value.shape) === 0) throw new Unsupported("a tensor without elements")
  return ownResults(copied(graph))
}

/** Inputs that are indices of rows, and the number of rows. */
export const lookUps = (graph: Graph): ReadonlyArray<{ readonly name: string; readonly rows: number }> =>
  computed(graph).flatMap((value) => {
    if (value.kind !== "operation" || (value.operator !== "Gather" && value.operator !== "ScatterND")) return []
    const by = indexSource(value.inputs[1]!)
    const rows = (value.operator === "Gather" ? value.inputs[0]! : value).shape[0]!
    return by?.kind === "input" ? [{ name: by.name.slice("inputs/".length), rows }] : []
  })
