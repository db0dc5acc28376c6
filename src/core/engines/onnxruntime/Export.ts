/**
 * Exports a program with its state as an ONNX model with a symbolic batch dimension.
 *
 * A recorded graph contains the batch size in its shapes. So the program is recorded for two batch sizes: shapes that
 * differ between the graphs depend linearly on the batch size, and nothing else may differ.
 *
 * Source: https://onnx.ai/onnx/repo-docs/IR.html
 */
import type { Program, Signature } from "../../Engine.ts"
import type { HostTensors } from "../../Tensors.ts"
import { encode } from "./Encode.ts"
import { type Constant, type Graph, inOrder, type Operation, rewrite, type Value } from "../graph/Graph.ts"
import { NotRecordable } from "../graph/Kernel.ts"
import * as Op from "../graph/Operators.ts"
import { simplify } from "../graph/Simplify.ts"
import { trace } from "../graph/Trace.ts"

export interface ExportOptions {
  readonly name: string
  /** What the model computes. */
  readonly description: string
  /** The program for a batch size. It has state and inputs; the first axis of every input is the batch axis. */
  readonly program: (examples: number) => { readonly program: Program; readonly signature: Signature }
  readonly state: HostTensors
  /** Descriptions of inputs and outputs, by name. */
  readonly meanings: Readonly<Record<string, string>>
  readonly metadata: Readonly<Record<string, string>>
}

/** Two primes that are unlikely to be lengths of other axes. */
const few = 1009
const many = 1013

/** The program's graph for a batch size, with its state as constants. */
const recorded = ({ program, state }: ExportOptions, examples: number): Graph => {
  const made = program(examples)
  const { outputs } = rewrite(trace(made.program, made.signature), (value) => {
    if (value.kind !== "input") return value
    const [, kind, name] = /^(state|inputs)\/(.*)$/.exec(value.name) ?? []
    if (name === undefined)
      throw new NotRecordable(`an exported program cannot read ${value.name}; it may read only inputs and state`)
    if (kind === "inputs") return { ...value, name }
    const { shape, values } = state[name]!
    return Op.constant(value.type, shape, values)
  })
  return simplify({
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name.replace(/^outputs\//, ""), value]))
  })
}

const refuse = (what: string): NotRecordable =>
  new NotRecordable(
    `${what} depends on the batch size in a way that a model with a symbolic batch dimension cannot express`
  )

/** Pairs the values of two graphs that differ only in shapes. */
const pairs = (left: Graph, right: Graph): ReadonlyMap<Value, Value> => {
  const [ours, theirs] = [left, right].map(({ outputs }) => inOrder(Object.values(outputs))) as [Value[], Value[]]
  const [places, others] = [ours, theirs].map((values) => new Map(values.map((value, index) => [value, index])))
  const form = (value: Value, indices: ReadonlyMap<Value, number>): string =>
    JSON.stringify([
      value.kind,
      value.type,
      value.shape.length,
      value.kind === "operation"
        ? [value.operator, value.attributes, value.inputs.map((input) => input && indices.get(input))]
        : value.kind === "input" && value.name
    ])
  ours.forEach((value, index) => {
    const other = theirs[index]
    if (other === undefined || form(value, places!) !== form(other, others!)) {
      throw refuse(value.kind === "operation" ? `an operation ${value.operator}` : `a ${value.kind}`)
    }
  })
  const paired = new Map(ours.map((value, index) => [value, theirs[index]!]))
  for (const [name, value] of Object.entries(left.outputs)) {
    if (paired.get(value) !== right.outputs[name]) throw refuse(`the output ${name}`)
  }
  return paired
}

/** Expresses numbers (lengths, counts, indices) as `base + slope * examples`. */
const following = (ours: BigInt64Array, theirs: BigInt64Array) => {
  const slope = Array.from(ours, (number, index) => Number(theirs[index]! - number) / (many - few))
  if (slope.some((part) => !Number.isInteger(part))) throw refuse("a length")
  return { slope, base: Array.from(ours, (number, index) => Number(number) - slope[index]! * few) }
}

const sameValues = (ours: Constant, theirs: Constant): boolean =>
  ours.values.length === theirs.values.length &&
  ours.values.every((value, index) => Object.is(value, theirs.values[index]))

/** The graph with a symbolic batch dimension, from the graphs for two batch sizes. */
const freed = (graph: Graph, other: Graph): Graph => {
  const paired = pairs(graph, other)
  const batch = [...paired.keys()].find(({ kind }) => kind === "input")
  const examples = () => {
    if (batch === undefined) throw refuse("a result without inputs")
    return Op.operation("Shape", [batch], [1], "int64", { start: 0, end: 1 })
  }
  const changed = new Map<Value, ReturnType<typeof following>>()
  for (const [ours, theirs] of paired) {
    if (ours.kind !== "constant" || theirs.kind !== "constant" || sameValues(ours, theirs)) continue
    if (ours.type !== "int64" || ours.shape.length !== 1 || ours.values.length !== theirs.values.length) {
      throw refuse("a constant")
    }
    changed.set(ours, following(ours.values as BigInt64Array, theirs.values as BigInt64Array))
  }
  return rewrite(graph, (value, original) => {
    const shape = original.kind === "operation" && original.operator === "Reshape" && changed.get(original.inputs[1]!)
    // One unknown length is inferred from the others.
    if (shape && shape.slope.filter((part) => part !== 0).length === 1) {
      const lengths = Op.indices(shape.base.map((length, axis) => (shape.slope[axis] === 0 ? length : -1)))
      return { ...(value as Operation), inputs: [(value as Operation).inputs[0], lengths] }
    }
    const numbers = changed.get(original)
    return numbers === undefined
      ? value
      : Op.add(Op.indices(numbers.base), Op.mul(Op.indices(numbers.slope), examples()))
  })
}

/** Inputs and outputs by name. */
const ends = ({ outputs }: Graph): Readonly<Record<string, Value>> => ({
  ...Object.fromEntries(
    inOrder(Object.values(outputs)).flatMap((value) => (value.kind === "input" ? [[value.name, value]] : []))
  ),
  ...outputs
})

/** The file's bytes. Throws `NotRecordable`, or an error of the program. */
export const exportModel = (options: ExportOptions): Uint8Array => {
  const [graph, other] = [recorded(options, few), recorded(options, many)] as const
  const others = ends(other)
  return encode(freed(graph, other), {
    name: options.name,
    description: options.description,
    outputName: (name) => name,
    axes: (name, { shape }) => shape.map((length, axis) => (length === others[name]!.shape[axis] ? length : "batch")),
    meanings: options.meanings,
    metadata: options.metadata
  })
}
