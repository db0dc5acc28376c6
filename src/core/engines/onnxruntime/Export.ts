/**
 * A program with its state as a model for others to run: an ONNX file that holds the state and takes any number of
 * examples.
 *
 * A recorded graph has the number of examples in it, wherever a shape is. So the program is recorded with two numbers of
 * examples: what differs between the two graphs follows the number, and nothing else may differ.
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
  /** For people: what the model computes. */
  readonly description: string
  /** The program for this many examples; it has state and inputs, and the first axis of every input is the examples'. */
  readonly program: (examples: number) => { readonly program: Program; readonly signature: Signature }
  readonly state: HostTensors
  /** What the inputs and outputs hold, by name. */
  readonly meanings: Readonly<Record<string, string>>
  readonly metadata: Readonly<Record<string, string>>
}

/** Primes that no axis of a model is likely to have as its length. */
const few = 1009
const many = 1013

/** The program's graph for a number of examples, its state as constants; inputs and outputs bear their own names. */
const recorded = ({ program, state }: ExportOptions, examples: number): Graph => {
  const made = program(examples)
  const { outputs } = rewrite(trace(made.program, made.signature), (value) => {
    if (value.kind !== "input") return value
    const [, kind, name] = /^(state|inputs)\/(.*)$/.exec(value.name) ?? []
    if (name === undefined) throw new NotRecordable(`a model has no ${value.name}: it takes inputs and state alone`)
    if (kind === "inputs") return { ...value, name }
    const { shape, values } = state[name]!
    return Op.constant(value.type, shape, values)
  })
  return simplify({
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name.replace(/^outputs\//, ""), value]))
  })
}

const refuse = (what: string): NotRecordable =>
  new NotRecordable(`${what} depends on the number of examples in a way that a model for any number cannot have`)

/** For each value of one graph the one in the other that differs from it in shapes alone. */
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

/** `base + slope * examples` for each of the numbers, which are lengths, counts or places in an array. */
const following = (ours: BigInt64Array, theirs: BigInt64Array) => {
  const slope = Array.from(ours, (number, index) => Number(theirs[index]! - number) / (many - few))
  if (slope.some((part) => !Number.isInteger(part))) throw refuse("a length")
  return { slope, base: Array.from(ours, (number, index) => Number(number) - slope[index]! * few) }
}

const sameValues = (ours: Constant, theirs: Constant): boolean =>
  ours.values.length === theirs.values.length &&
  ours.values.every((value, index) => Object.is(value, theirs.values[index]))

/** The graph for any number of examples, from the graphs for two. */
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
    // One length that follows from the others need not be computed.
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

/** The file's bytes. Raises `NotRecordable`, or whatever the program itself raises. */
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
