/**
 * A program as data: an acyclic graph of ONNX operators, in which a value is the operation that computes it.
 *
 * Laws: values are immutable; every operation has one result of known shape and element type; values that no output
 * depends on are not part of the graph.
 */
import type { Shape } from "../../Tensors.ts"

/** Element types inside a graph: those of inputs and outputs, and those that only operators use. */
export type ElementType = "float32" | "float64" | "int32" | "int64" | "uint32" | "uint8" | "bool"

/** Element values in row-major order; `bool` is bytes 0 and 1. */
export type Elements = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint32Array | Uint8Array

export type Attribute = number | string | ReadonlyArray<number>

interface Typed {
  readonly shape: Shape
  readonly type: ElementType
}

/** A tensor passed in each run. */
export interface Input extends Typed {
  readonly kind: "input"
  readonly name: string
}

/** A constant tensor. */
export interface Constant extends Typed {
  readonly kind: "constant"
  readonly values: Elements
}

/** The result of an ONNX operator. An omitted input is `undefined`. */
export interface Operation extends Typed {
  readonly kind: "operation"
  readonly operator: string
  readonly inputs: ReadonlyArray<Value | undefined>
  /** Integers, strings and lists of integers; no operator in use has float attributes. */
  readonly attributes: Readonly<Record<string, Attribute>>
}

export type Value = Input | Constant | Operation

/** A constant's values as bytes. */
export const bytesOf = ({ values }: Constant): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** Outputs by name; they determine the rest of the graph. */
export interface Graph {
  readonly outputs: Readonly<Record<string, Value>>
}

/** All values in topological order. Iterative, because a graph may be deep. */
export const inOrder = (outputs: Iterable<Value>): ReadonlyArray<Value> => {
  const done = new Set<Value>()
  const stack = [...outputs].toReversed()
  while (stack.length > 0) {
    const value = stack.at(-1)!
    const waiting =
      done.has(value) || value.kind !== "operation"
        ? []
        : value.inputs.filter((input): input is Value => input !== undefined && !done.has(input))
    if (waiting.length === 0) {
      done.add(value)
      stack.pop()
    } else stack.push(...waiting.toReversed())
  }
  return [...done]
}

/** Number of uses of each value, as an operation's input or as an output. */
export const useCounts = (graph: Graph): ReadonlyMap<Value, number> => {
  const counts = new Map<Value, number>()
  const count = (value: Value) => counts.set(value, (counts.get(value) ?? 0) + 1)
  for (const value of inOrder(Object.values(graph.outputs))) {
    if (value.kind === "operation") value.inputs.forEach((input) => input && count(input))
  }
  Object.values(graph.outputs).forEach(count)
  return counts
}

/** Rewrites a graph in topological order: `replace` gets each value once, with its inputs already replaced. */
export const rewrite = (graph: Graph, replace: (value: Value, original: Value) => Value): Graph => {
  const replaced = new Map<Value, Value>()
  for (const value of inOrder(Object.values(graph.outputs))) {
    const inputs = value.kind === "operation" ? value.inputs.map((input) => input && replaced.get(input)!) : []
    const same = value.kind !== "operation" || value.inputs.every((input, index) => input === inputs[index])
    replaced.set(value, replace(same ? value : ({ ...value, inputs } as Operation), value))
  }
  return {
    outputs: Object.fromEntries(Object.entries(graph.outputs).map(([name, value]) => [name, replaced.get(value)!]))
  }
}
