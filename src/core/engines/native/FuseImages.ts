/**
 * Fuses operations into operators on images, where they are done as results are stored or inputs are read: a bias, a
 * rectifier and its gradient, and the gradient by a bias beside that by a filter.
 */
import { sizeOf } from "../../Tensors.ts"
import { type Graph, inOrder, type Operation, rewrite, useCounts, type Value } from "../graph/Graph.ts"
import * as Op from "../graph/Operators.ts"
import * as ImageOperators from "./ImageOperators.ts"
import type { InstructionSet } from "./InstructionSet.ts"

const sameShape = (a: Value, b: Value): boolean => a.shape.join() === b.shape.join()

const madeBy = (operator: string, value: Value | undefined): Operation | undefined =>
  value?.kind === "operation" && value.operator === operator ? value : undefined

const isNumber = (value: Value | undefined, number: number): boolean =>
  value?.kind === "constant" && value.values.length === 1 && Number(value.values[0]) === number

/** The `y` of `ceil(min(y, 1))`, which is the derivative of a rectifier whose result is `y`. */
const steppedBy = (value: Value | undefined): Value | undefined => {
  const least = madeBy("Min", madeBy("Ceil", value)?.inputs[0])
  const y = isNumber(least?.inputs[1], 1) ? least!.inputs[0] : undefined
  return madeBy("Max", y) !== undefined || (y?.kind === "operation" && y.attributes["rectified"] === 1) ? y : undefined
}

/** An operation fused into the operator on images that makes one of its operands, if nothing else needs that. */
const finished = (value: Operation, isFree: (side: number) => boolean): Value | undefined => {
  const [left, right] = value.inputs
  for (const [side, operand, other] of [
    [0, left, right],
    [1, right, left]
  ] as const) {
    const source = madeBy("Reshape", operand)?.inputs[0] ?? operand
    if (
      source?.kind !== "operation" ||
      other === undefined ||
      !isFree(side) ||
      sizeOf(source.shape) !== sizeOf(value.shape)
    )
      continue
    const whole = (result: Operation | undefined): Value | undefined => result && Op.reshape(result, value.shape)
    const channels = source.shape.at(-1)!
    if (value.operator === "Add" && sameShape(source, value)) {
      const isRow = sizeOf(other.shape) === channels && other.shape.at(-1) === channels
      if (isRow) return whole(ImageOperators.withBias(source, Op.reshape(other, [channels])))
    }
    if (value.operator === "Max" && isNumber(other, 0)) return whole(ImageOperators.rectified(source))
    const y = value.operator === "Mul" ? steppedBy(other) : undefined
    if (y !== undefined && sameShape(y, value)) return whole(ImageOperators.masked(source, Op.reshape(y, source.shape)))
  }
  return undefined
}

const finish = (graph: Graph): Graph => {
  const uses = useCounts(graph)
  const usedOnce = (value: Value | undefined): boolean => value !== undefined && uses.get(value) === 1
  return rewrite(graph, (value, original) => {
    if (value.kind !== "operation" || original.kind !== "operation") return value
    const isFree = (side: number): boolean => {
      const operand = original.inputs[side]
      const source = madeBy("Reshape", operand)
      return usedOnce(operand) && (source === undefined || usedOnce(source.inputs[0]))
    }
    return finished(value, isFree) ?? value
  })
}

/** The image whose channels are summed over all pixels. */
const summed = (value: Value): Value | undefined => {
  const sum = madeBy("ReduceSum", value)
  const source = sum?.inputs[0]
  return sum !== undefined &&
    source?.shape.length === 4 &&
    sizeOf(sum.shape) === source.shape[3] &&
    sum.shape.at(-1) === source.shape[3]
    ? source
    : undefined
}

/** The gradient by a filter reads the image whose sums are the gradient by the bias: one pass computes both. */
const joinSums = (graph: Graph, set: InstructionSet): Graph => {
  const values = inOrder(Object.values(graph.outputs))
  const sums = new Map(
    values.flatMap((value) => {
      const source = summed(value)
      return source === undefined ? [] : [[source, value] as const]
    })
  )
  const joined = new Map<Value, Value>()
  for (const value of values) {
    const way = ImageOperators.withSums(value, set).find(({ summed }) => sums.has(summed))
    const sum = way && sums.get(way.summed)!
    if (way === undefined || sum === undefined || joined.has(sum)) continue
    const both = way.join()
    joined.set(value, Op.reshape(both.filterGradient, value.shape))
    joined.set(sum, Op.reshape(both.sums, sum.shape))
  }
  return rewrite(graph, (value, original) => joined.get(original) ?? value)
}

/** The same graph with fewer passes over images. */
export const fuseImages = (graph: Graph, set: InstructionSet): Graph =>
  joinSums(finish(rewrite(graph, (value) => ImageOperators.lowered(value, set))), set)
