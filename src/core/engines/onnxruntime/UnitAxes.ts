/**
 * Removes trailing axes of length 1 from arithmetic with a scalar, which makes onnxruntime process each element
 * separately, many times slower than along one axis.
 */
import { sizeOf } from "../../Tensors.ts"
import { type Graph, type Operation, rewrite, type Value } from "../graph/Graph.ts"
import * as Op from "../graph/Operators.ts"

const operators = new Set("Add Sub Mul Div Max Min Pow".split(" "))

/** Reshapes a value; a value that is itself a reshape is reshaped from its source. */
const reshaped = (value: Value, shape: ReadonlyArray<number>): Value =>
  value.kind === "operation" && value.operator === "Reshape"
    ? reshaped(value.inputs[0]!, shape)
    : Op.reshape(value, shape)

const inLanes = (node: Operation): Value => {
  const inputs = node.inputs as ReadonlyArray<Value>
  const size = sizeOf(node.shape)
  const applies = size > 1 && node.shape.at(-1) === 1 && inputs.every(({ shape }) => [1, size].includes(sizeOf(shape)))
  if (!applies || inputs.every(({ shape }) => sizeOf(shape) === size)) return node
  const operands = inputs.map((value) => reshaped(value, sizeOf(value.shape) === 1 ? [] : [size]))
  return Op.reshape({ ...node, inputs: operands, shape: [size] }, node.shape)
}

/** Rewrites the graph with such arithmetic along one axis. */
export const mergeUnitAxes = (graph: Graph): Graph =>
  rewrite(graph, (value) => (value.kind === "operation" && operators.has(value.operator) ? inLanes(value) : value))
