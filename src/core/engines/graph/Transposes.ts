/**
 * Moves transposes towards the outputs of a graph, where they cancel with others.
 *
 * Convolutions have one before and one after each operator; between two convolutions there are only elementwise
 * operations and sums, which work in either layout.
 */
import type { Shape } from "../../Tensors.ts"
import { type Graph, type Operation, rewrite, type Value } from "./Graph.ts"
import * as Op from "./Operators.ts"

/** Elementwise operators, which broadcast operands with fewer axes. */
const perElement = new Set(
  (
    "Add Sub Mul Div Max Min Pow Less LessOrEqual Greater GreaterOrEqual Equal And Or Not Where Cast " +
    "Neg Abs Exp Log Sqrt Reciprocal Tanh Erf Sign Ceil"
  ).split(" ")
)

interface Transposed {
  readonly source: Value
  readonly permutation: ReadonlyArray<number>
}

const transposed = (value: Value | undefined): Transposed | undefined =>
  value?.kind === "operation" && value.operator === "Transpose"
    ? { source: value.inputs[0]!, permutation: value.attributes["perm"] as ReadonlyArray<number> }
    : undefined

const equal = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length === b.length && a.every((axis, index) => axis === b[index])

/** Inverts a permutation. */
const inverse = (permutation: ReadonlyArray<number>): ReadonlyArray<number> =>
  permutation.map((_, axis) => permutation.indexOf(axis))

/** The operand before the permutation; undefined if that would need a computation. */
const before = (operand: Value, permutation: ReadonlyArray<number>): Value | undefined => {
  const found = transposed(operand)
  if (found !== undefined) return equal(found.permutation, permutation) ? found.source : undefined
  // With at most one axis longer than 1, such as a bias, the data does not move.
  const missing = permutation.length - operand.shape.length
  const padded: Shape = [...Array<number>(missing).fill(1), ...operand.shape]
  if (padded.every((length) => length === 1)) return operand
  return padded.filter((length) => length > 1).length === 1
    ? Op.reshape(
        operand,
        inverse(permutation).map((axis) => padded[axis]!)
      )
    : undefined
}

/** `f(transpose(a), transpose(b))` as `transpose(f(a, b))`. */
const sink = (node: Operation): Value => {
  const permutation = node.inputs.map(transposed).find((found) => found !== undefined)?.permutation
  if (permutation === undefined || permutation.length !== node.shape.length) return node
  const sources = node.inputs.map((operand) => operand && before(operand, permutation))
  if (sources.some((source) => source === undefined)) return node
  const shape = inverse(permutation).map((axis) => node.shape[axis]!)
  return Op.transpose({ ...node, inputs: sources, shape }, permutation)
}

/** A sum of a transpose is a sum over other axes of its source, if the remaining axes keep their order. */
const reduce = (node: Operation): Value => {
  const [operand, axes] = node.inputs
  const found = transposed(operand)
  if (found === undefined || axes?.kind !== "constant" || node.attributes["keepdims"] !== 0) return node
  const reduced = Array.from(axes.values as BigInt64Array, (axis) => found.permutation[Number(axis)]!)
  const stay = found.permutation.filter((axis) => !reduced.includes(axis))
  return stay.every((axis, index) => index === 0 || axis > stay[index - 1]!)
    ? Op.reduce(node.operator, found.source, reduced.toSorted(), false)
    : node
}

const local = (value: Value): Value => {
  if (value.kind !== "operation") return value
  if (perElement.has(value.operator)) return sink(value)
  if (value.operator === "ReduceSum") return reduce(value)
  if (value.operator !== "Transpose") return value
  const inner = transposed(value.inputs[0])
  const permutation = value.attributes["perm"] as ReadonlyArray<number>
  return inner === undefined
    ? value
    : Op.transpose(
        inner.source,
        permutation.map((axis) => inner.permutation[axis]!)
      )
}

/** The graph with fewer transposes. */
export const sinkTransposes = (graph: Graph): Graph => rewrite(graph, local)
