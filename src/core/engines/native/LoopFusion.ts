/** Loops for operations of a graph: elementwise operations and reductions are fused. */
import { sizeOf } from "../../Tensors.ts"
import type { ElementType, Operation, Value } from "../graph/Graph.ts"
import type { Access } from "./Access.ts"
import { commonAxes } from "./CommonAxes.ts"
import { classOf, ruleOf } from "./Elementwise.ts"
import { type Item, make } from "./Formula.ts"
import type { InstructionSet } from "./InstructionSet.ts"
import type { Loop } from "./Loop.ts"
import { axesOf, kindOf, reducerOf } from "./Lowering.ts"
import { reducer } from "./Reduction.ts"
import type { Reading } from "./Schedule.ts"
import { type Axis, indexSource, type View, whole } from "./View.ts"

/** Bytes per element in memory. */
export const widthOf = (type: ElementType): 1 | 4 => (type === "uint8" || type === "bool" ? 1 : 4)

/** What a loop needs to know of the program around it. */
export interface LoopContext {
  readonly set: InstructionSet
  readonly readings: (operation: Operation) => ReadonlyArray<Reading>
  readonly isStored: (operation: Operation) => boolean
  readonly slotOf: (value: Value) => number
}

interface Target {
  readonly item: Item
  readonly view: View
}

/** The view of a reduction's result along the axes of its operand. */
const reducedView = (operation: Operation): View => {
  const reduced = axesOf(operation)
  const { shape } = operation.inputs[0]!
  let stride = 1
  const axes = shape.map((): Axis | undefined => undefined)
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!
    axes[axis] = { size, stride: reduced.includes(axis) ? 0 : stride }
    if (!reduced.includes(axis)) stride *= size
  }
  return { source: operation, offset: 0, axes: axes.filter((axis) => axis!.size > 1) as ReadonlyArray<Axis> }
}

/** A number that is known at compile time. */
const numberOf = ({ source }: View): number | undefined =>
  source.kind === "constant" && source.values.length === 1 ? Number(source.values[0]) : undefined

const assemble = (
  name: string,
  size: number,
  leaves: ReadonlyArray<View>,
  stores: ReadonlyArray<Target>,
  reductions: ReadonlyArray<Target>,
  { slotOf }: LoopContext
): Loop => {
  const targets = [...stores, ...reductions].map(({ view }) => view)
  const storing = new Set(stores.map(({ view }) => view))
  const { axes, walks } = commonAxes([...leaves, ...targets], size, (view, stride) =>
    storing.has(view) ? stride !== 1 : stride > 1 && widthOf(view.source.type) === 1
  )
  const accesses = [...leaves, ...targets].map((view, index): Access => {
    const { lookedUp, strides } = walks[index]!
    const by = view.axes.find(({ by }) => by !== undefined)?.by
    return {
      slot: slotOf(view.source),
      width: widthOf(view.source.type),
      offset: view.offset,
      strides,
      ...(by !== undefined &&
        lookedUp !== undefined && { by: { axis: lookedUp, slot: slotOf(by.indices), rows: by.rows } })
    }
  })
  const toOf = (target: number): Access => accesses[leaves.length + target]!
  return {
    name: `${name} ${axes.join("x")}`,
    axes,
    leaves: accesses.slice(0, leaves.length),
    stores: stores.map(({ item }, index) => ({ item, to: toOf(index) })),
    reductions: reductions.map(({ item, view }, index) => ({
      item,
      to: toOf(stores.length + index),
      reducer: reducer(reducerOf(view.source as Operation), classOf(view.source.type) === "float")
    }))
  }
}

/** One loop for elementwise operations and reductions, each after its operands. */
export const loopOf = (operations: ReadonlyArray<Operation>, context: LoopContext): Loop => {
  const formula = make(context.set.primitives)
  const items = new Map<Value, Item>()
  const leaves: Array<View> = []
  const leafNumbers = new Map<string, number>()
  const sourceNumbers = new Map<Value, number>()
  const numberOfSource = (value: Value): number => {
    if (!sourceNumbers.has(value)) sourceNumbers.set(value, sourceNumbers.size)
    return sourceNumbers.get(value)!
  }
  const leaf = (view: View): Item => {
    const { offset, source } = view
    const number = numberOf(view)
    const kind = classOf(source.type)
    if (number !== undefined && kind !== "truth")
      return kind === "float" ? formula.float(number) : formula.integer(number)
    const axes = view.axes.map(({ by, size, stride }) => [size, stride, by && numberOfSource(by.indices)])
    const key = JSON.stringify([numberOfSource(source), offset, axes])
    if (!leafNumbers.has(key)) leafNumbers.set(key, leaves.push(view) - 1)
    return formula[kind === "truth" ? "loadTruth" : "load"](leafNumbers.get(key)!)
  }
  const stores: Array<Target> = []
  const reductions: Array<Target> = []
  for (const operation of operations) {
    const operands = context
      .readings(operation)
      .map(({ inOrder, view }) => (inOrder ? items.get(view.source) : undefined) ?? leaf(view))
    if (kindOf(operation) === "reduction") {
      reductions.push({ item: operands[0]!, view: reducedView(operation) })
      continue
    }
    const item = ruleOf(operation)!(formula, ...operands)
    items.set(operation, item)
    if (context.isStored(operation)) stores.push({ item, view: whole(operation) })
  }
  const first = operations[0]!
  const size = sizeOf((kindOf(first) === "reduction" ? first.inputs[0]! : first).shape)
  const names = [...new Set(operations.map(({ operator }) => operator))].join(" ")
  return assemble(names, size, leaves, stores, reductions, context)
}

/** A loop that adds each row of the operand to the row of the result that its index chooses, in order. */
export const scatterOf = (operation: Operation, context: LoopContext): Loop => {
  const formula = make(context.set.primitives)
  const { view } = context.readings(operation)[0]!
  const indices = indexSource(operation.inputs[1]!)!
  const [rows, ...row] = operation.shape as readonly [number, ...Array<number>]
  const axes: ReadonlyArray<Axis> = [
    { size: sizeOf(indices.shape), stride: sizeOf(row), by: { indices, rows } },
    ...(sizeOf(row) > 1 ? [{ size: sizeOf(row), stride: 1 }] : [])
  ]
  const number = numberOf(view)
  const item = number === undefined ? formula.load(0) : formula.float(number)
  const to = { item, view: { source: operation, offset: 0, axes } }
  const size = sizeOf(indices.shape) * sizeOf(row)
  return assemble("ScatterND", size, number === undefined ? [view] : [], [], [to], context)
}

/** Loops that copy values next to each other. */
export const concatenation = (operation: Operation, context: LoopContext): ReadonlyArray<Loop> => {
  const axis = operation.attributes["axis"] as number
  const inner = sizeOf(operation.shape.slice(axis + 1))
  let begin = 0
  return context.readings(operation).map(({ view }, index) => {
    const { shape } = operation.inputs[index]!
    const length = shape[axis]!
    const axes = [
      { size: sizeOf(shape.slice(0, axis)), stride: operation.shape[axis]! * inner },
      { size: length * inner, stride: 1 }
    ].filter(({ size }) => size > 1)
    const formula = make(context.set.primitives)
    const isTruth = classOf(operation.type) === "truth"
    const to: View = { source: operation, offset: begin * inner, axes }
    const known = numberOf(view)
    const constant =
      known === undefined || isTruth ? undefined : formula[operation.type === "float32" ? "float" : "integer"](known)
    const item = constant ?? formula[isTruth ? "loadTruth" : "load"](0)
    begin += length
    return assemble("Concat", sizeOf(shape), constant === undefined ? [view] : [], [{ item, view: to }], [], context)
  })
}
