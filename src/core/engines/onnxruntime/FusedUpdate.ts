/**
 * Splits off the elementwise state update at the end of a graph, such as an optimiser's step, into one fused in-place
 * loop instead of a dozen passes over memory.
 *
 * An operation belongs to the update if it is `float32` arithmetic, its operands have its shape or one element, and
 * only the update and the state use its result.
 */
import { type Shape, sizeOf } from "../../Tensors.ts"
import { type Graph, inOrder, type Operation, type Value } from "../graph/Graph.ts"
import { type Loop, isSupported, type Leaf } from "./Wasm.ts"

/** The source of an operand: a state tensor, or an output of the remaining graph. */
export type LeafSource = { readonly state: string } | { readonly output: string }

/** One loop over vectors of equal length. */
export interface FusedUpdate {
  readonly form: Loop
  readonly size: number
  /** Sources of the operands in memory, in order. */
  readonly sources: ReadonlyArray<LeafSource>
  /** Names of the state tensors to write, in order. */
  readonly stores: ReadonlyArray<string>
}

export interface SplitGraph {
  /** The remaining graph, with additional outputs `tail/NUMBER` for the updates. */
  readonly graph: Graph
  readonly updates: ReadonlyArray<FusedUpdate>
}

const prefix = "state/"

const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((length, axis) => length === b[axis])

const operands = (value: Value): ReadonlyArray<Value> =>
  value.kind === "operation" ? value.inputs.filter((input) => input !== undefined) : []

const isArithmetic = (value: Value): value is Operation =>
  value.kind === "operation" &&
  value.type === "float32" &&
  isSupported(value.operator) &&
  sizeOf(value.shape) > 1 &&
  operands(value).every(({ shape }) => sameShape(shape, value.shape) || sizeOf(shape) === 1)

/** The operations of the update in topological order. */
const findUpdate = (graph: Graph): ReadonlySet<Value> => {
  const values = inOrder(Object.values(graph.outputs))
  const users = new Map<Value, Array<Value>>()
  for (const value of values)
    for (const operand of operands(value)) users.set(operand, [...(users.get(operand) ?? []), value])
  const handedOut = new Set(
    Object.entries(graph.outputs).flatMap(([name, value]) => (name.startsWith(prefix) ? [] : [value]))
  )
  const tail = new Set<Value>()
  for (const value of values.toReversed()) {
    const goesOn = (users.get(value) ?? []).every((user) => tail.has(user) && sameShape(user.shape, value.shape))
    if (isArithmetic(value) && !handedOut.has(value) && goesOn) tail.add(value)
  }
  return new Set(values.filter((value) => tail.has(value)))
}

/** Groups operations into loops: those that depend on each other or read state that the other writes share a loop. */
const groups = (tail: ReadonlySet<Value>, written: ReadonlyMap<string, Value>): ReadonlyArray<ReadonlyArray<Value>> => {
  const leader = new Map<Value, Value>([...tail].map((value) => [value, value]))
  const find = (value: Value): Value => {
    const next = leader.get(value)!
    return next === value ? value : find(next)
  }
  for (const value of tail) {
    for (const operand of operands(value)) {
      const writer = operand.kind === "input" ? written.get(operand.name) : undefined
      for (const other of [operand, writer])
        if (other !== undefined && tail.has(other)) leader.set(find(other), find(value))
    }
  }
  return [...Map.groupBy(tail, find).values()]
}

const toUpdate = (
  group: ReadonlyArray<Value>,
  written: ReadonlyMap<string, Value>,
  handOver: (value: Value) => string
): FusedUpdate => {
  const leaves: Array<Leaf> = []
  const sources: Array<LeafSource> = []
  const numbers = new Map<Value, number>()
  const members = new Set(group)
  for (const leaf of new Set(group.flatMap(operands))) {
    if (members.has(leaf)) continue
    numbers.set(leaf, leaves.length)
    const isScalar = sizeOf(leaf.shape) === 1
    if (isScalar && leaf.kind === "constant") leaves.push(Number(leaf.values[0]))
    else {
      leaves.push(isScalar ? "scalar" : "vector")
      const inPlace = leaf.kind === "input" && written.has(leaf.name)
      sources.push(inPlace ? { state: leaf.name.slice(prefix.length) } : { output: handOver(leaf) })
    }
  }
  group.forEach((value, index) => numbers.set(value, leaves.length + index))
  const stores = [...written].filter(([, value]) => members.has(value))
  return {
    form: {
      leaves,
      steps: (group as ReadonlyArray<Operation>).map((value) => ({
        operator: value.operator,
        operands: operands(value).map((operand) => numbers.get(operand)!)
      })),
      stores: stores.map(([, value]) => numbers.get(value)!)
    },
    size: sizeOf(group[0]!.shape),
    sources,
    stores: stores.map(([name]) => name.slice(prefix.length))
  }
}

/** Splits off the state update, if there is one. */
export const splitUpdate = (graph: Graph): SplitGraph => {
  const tail = findUpdate(graph)
  const outputs = Object.entries(graph.outputs)
  // State has the same name as input and as output.
  const written = new Map(outputs.filter(([, value]) => tail.has(value)))
  const handedOver = new Map<Value, string>()
  const handOver = (value: Value): string => {
    const name = handedOver.get(value) ?? `tail/${handedOver.size}`
    handedOver.set(value, name)
    return name
  }
  const updates = groups(tail, written).map((group) => toUpdate(group, written, handOver))
  const remaining = outputs.filter(([, value]) => !tail.has(value))
  return {
    graph: {
      outputs: Object.fromEntries([...remaining, ...[...handedOver].map(([value, name]) => [name, value] as const)])
    },
    updates
  }
}
