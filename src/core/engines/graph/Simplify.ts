/**
 * Simplifies a graph: common subexpressions are computed once, identities are removed, biases are fused.
 */
import { type Shape, sizeOf } from "../../Tensors.ts"
import { bytesOf, type Constant, type Graph, type Operation, rewrite, useCounts, type Value } from "./Graph.ts"
import * as Op from "./Operators.ts"
import { sinkTransposes } from "./Transposes.ts"

const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((length, axis) => length === b[axis])

/** Elementwise operators that broadcast their operands. */
const perElement = new Set(
  "Add Sub Mul Div Max Min Pow Less LessOrEqual Greater GreaterOrEqual Equal And Or Where Neg Abs Exp Log Sqrt".split(
    " "
  )
)

/** The inputs of a value, if it is the result of the operator. */
const madeBy = (operator: string, value: Value | undefined): ReadonlyArray<Value> | undefined =>
  value?.kind === "operation" && value.operator === operator ? (value.inputs as ReadonlyArray<Value>) : undefined

/** The operand before its expansion. */
const unstretched = (operand: Value): Value => madeBy("Expand", operand)?.[0] ?? operand

/** Removes the expansion of an operand if another operand determines the result's shape. */
const withoutStretching = (node: Operation): Operation => {
  const inputs = [...node.inputs] as Array<Value>
  inputs.forEach((operand, index) => {
    const source = unstretched(operand)
    const shapes = inputs.with(index, source).map(({ shape }) => shape)
    if (sameShape(Op.broadcastShape(...shapes), node.shape)) inputs[index] = source
  })
  return { ...node, inputs }
}

const numberOf = (value: Value | undefined): number | undefined =>
  value?.kind === "constant" && value.type === "float32" && value.values.length === 1
    ? Number(value.values[0])
    : undefined

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Neg: (a) => -a
}

/** Folds arithmetic of constant scalars, which is frequent in gradients, and multiplication by 1. */
const folded = (node: Operation): Value => {
  const [a, b] = node.inputs
  const [left, right] = [numberOf(a), numberOf(b)]
  const compute = arithmetic[node.operator]
  if (compute !== undefined && left !== undefined && (b === undefined || right !== undefined)) {
    return Op.constant("float32", node.shape, Float32Array.of(compute(left, right ?? 0)))
  }
  if (node.operator === "Mul" && right === 1) return Op.expand(a!, node.shape)
  if (node.operator === "Mul" && left === 1) return Op.expand(b!, node.shape)
  return node
}

/** If every operand is expanded, expands the result instead. */
const elementwise = (node: Operation): Value => {
  const sources = (node.inputs as ReadonlyArray<Value>).map(unstretched)
  const shape = Op.broadcastShape(...sources.map(({ shape }) => shape))
  return sameShape(shape, node.shape)
    ? folded(withoutStretching(node))
    : Op.expand(folded({ ...node, inputs: sources, shape }), node.shape)
}

const local = (value: Value): Value => {
  if (value.kind !== "operation") return value
  if (perElement.has(value.operator)) return elementwise(value)
  const [source] = value.inputs
  if (value.operator === "Reshape" && source?.kind === "constant") return { ...source, shape: value.shape }
  if (value.operator === "Reshape") {
    const reshaped = madeBy("Reshape", source)?.[0]
    if (reshaped !== undefined) return Op.reshape(reshaped, value.shape)
    const stretched = madeBy("Expand", source)?.[0]
    if (stretched?.shape.every((length) => length === 1))
      return Op.expand(local(Op.reshape(stretched, [])), value.shape)
  }
  if (value.operator === "Expand") {
    const stretched = madeBy("Expand", source)?.[0]
    if (stretched !== undefined) return Op.expand(stretched, value.shape)
  }
  return value
}

/** Constants up to this size in bytes are compared by value. */
const smallConstant = 4096

/** Common subexpression elimination, constants included. */
const shareEqual = (graph: Graph): Graph => {
  const numbers = new Map<Value, number>()
  const known = new Map<string, Value>()
  const numberOf = (value: Value | undefined): string => {
    if (value === undefined) return ""
    if (!numbers.has(value)) numbers.set(value, numbers.size)
    return String(numbers.get(value))
  }
  const keyOf = (value: Operation | Constant): string =>
    value.kind === "constant"
      ? JSON.stringify([value.type, value.shape, Buffer.from(bytesOf(value)).toString("base64")])
      : JSON.stringify([value.operator, value.attributes, value.shape, value.type, value.inputs.map(numberOf)])
  return rewrite(graph, (value) => {
    if (value.kind === "input" || (value.kind === "constant" && value.values.byteLength > smallConstant)) return value
    const key = keyOf(value)
    const existing = known.get(key)
    if (existing === undefined) known.set(key, value)
    return existing ?? value
  })
}

/** The bias of a suitable shape that the operator of the product can add. */
const biasFor = (product: Value, term: Value): Value | undefined => {
  if (madeBy("Gemm", product)?.length === 2) return term
  const channels = product.shape[1]!
  const convolved = (madeBy("Conv", product) ?? madeBy("ConvTranspose", product))?.length === 2
  const perChannel = sizeOf(term.shape) === channels && term.shape.at(-3) === channels
  return convolved && (perChannel || (channels === 1 && sizeOf(term.shape) === 1))
    ? local(Op.reshape(term, [channels]))
    : undefined
}

/**
 * Fuses the sum of a matrix product or convolution and a bias, and the ReLU of a convolution, unless their operands
 * have other uses.
 */
const fuse = (graph: Graph): Graph => {
  const uses = useCounts(graph)
  return rewrite(graph, (value, original) => {
    if (original.kind !== "operation") return value
    const usedOnce = (side: number): boolean => uses.get(original.inputs[side]!) === 1
    const [operand, least] = madeBy("Max", value) ?? []
    // onnxruntime fuses these two.
    if (madeBy("Conv", operand) !== undefined && numberOf(least) === 0 && usedOnce(0)) return Op.unary("Relu", operand!)
    const terms = madeBy("Add", value)
    if (terms === undefined) return value
    for (const side of [0, 1]) {
      const product = terms[side]!
      const bias =
        usedOnce(side) && sameShape(product.shape, value.shape) ? biasFor(product, terms[1 - side]!) : undefined
      if (bias !== undefined) return { ...(product as Operation), inputs: [...(product as Operation).inputs, bias] }
    }
    return value
  })
}

/** The simplified graph. */
export const simplify = (graph: Graph): Graph => fuse(shareEqual(rewrite(sinkTransposes(rewrite(graph, local)), local)))
