/**
 * A graph as phases of machine code: the order of operations, and the memory of each value.
 *
 * Laws: state is overwritten in place once nothing reads its old value, else at the very end; memory of the workspace is
 * reused once its value is dead.
 */
import { sizeOf } from "../../Tensors.ts"
import type { Constant, Graph, Operation, Value } from "../graph/Graph.ts"
import * as Op from "../graph/Operators.ts"
import * as Loop from "./Loop.ts"
import { imagePhase } from "./ImageOperators.ts"
import { concatenation, loopOf, type LoopContext, scatterOf, widthOf } from "./LoopFusion.ts"
import type { Phase } from "./Phase.ts"
import { kindOf, lookUps, makeViews, prepare } from "./Lowering.ts"
import * as Gemm from "./Gemm.ts"
import { epilogueOf, fuse, innerOf } from "./GemmFusion.ts"
import type { InstructionSet } from "./InstructionSet.ts"
import { readingsOf, type Schedule, schedule } from "./Schedule.ts"
import { allocate } from "./BufferAllocation.ts"
import { indexSource } from "./View.ts"

/** What a pointer of the table points to: state or data by name, or an offset in the workspace. */
export type Location =
  | { readonly kind: "state" | "data"; readonly name: string }
  | { readonly kind: "workspace"; readonly offset: number }

export interface Plan {
  readonly phases: ReadonlyArray<Phase>
  /** By index into the table of pointers. */
  readonly locations: ReadonlyArray<Location>
  readonly workspaceBytes: number
  /** Stored once. */
  readonly constants: ReadonlyArray<{ readonly offset: number; readonly value: Constant }>
  /** Stored before each run. */
  readonly inputs: ReadonlyArray<{ readonly name: string; readonly offset: number }>
  readonly outputs: ReadonlyArray<{ readonly name: string; readonly location: Location; readonly value: Value }>
  /** State that a run overwrites. */
  readonly written: ReadonlyArray<string>
  /** Inputs that are indices of rows, and the number of rows. */
  readonly lookUps: ReadonlyArray<{ readonly name: string; readonly rows: number }>
}

const bytesOf = ({ shape, type }: Value): number => sizeOf(shape) * widthOf(type)

/** The state that an operation's result can overwrite directly. */
const inPlace = (graph: Graph, { levels, loops, readings }: Schedule): ReadonlyMap<Operation, string> => {
  const loopNumbers = new Map(loops.flatMap((loop, index) => loop.map((operation) => [operation, index] as const)))
  const found = new Map<Operation, string>()
  for (const [path, value] of Object.entries(graph.outputs)) {
    if (!path.startsWith("state/")) continue
    const operation = value as Operation
    const loop = kindOf(operation) === "elementwise" ? loopNumbers.get(operation) : undefined
    const readers = [...readings].flatMap(([source, found]) =>
      source.kind === "input" && source.name === path ? found : []
    )
    const isSafe = readers.every(
      ({ inOrder, user }) =>
        levels.get(user)! < levels.get(operation)! ||
        (inOrder && loop !== undefined && kindOf(user) === "elementwise" && loopNumbers.get(user) === loop)
    )
    if (isSafe) found.set(operation, path.slice("state/".length))
  }
  return found
}

/** A schedule in which no two reductions of a loop prevent its division among threads. */
const scheduled = (
  graph: Graph,
  viewOf: ReturnType<typeof makeViews>,
  threads: number,
  set: InstructionSet
): Schedule => {
  const apart = new Set<Operation>()
  for (;;) {
    const found = schedule(graph, viewOf, apart)
    const context: LoopContext = {
      set,
      readings: (operation) => readingsOf(operation, viewOf),
      isStored: (operation) => found.stored.has(operation),
      slotOf: () => 0
    }
    const before = apart.size
    for (const operations of found.loops) {
      const reductions = operations.filter((operation) => kindOf(operation) === "reduction")
      const isAlone = reductions.length < 2 && operations.length === reductions.length
      if (
        reductions.length > 0 &&
        !isAlone &&
        Loop.isIndivisible(loopOf(operations, context), threads, set.registers.lanes)
      )
        apart.add(reductions.findLast((operation) => !apart.has(operation))!)
    }
    if (apart.size === before) return found
  }
}

/** The phases of a program and where its tensors are. Raises `Unsupported` for operators without machine code. */
export const plan = (traced: Graph, threads: number, set: InstructionSet): Plan => {
  const graph = prepare(traced)
  const viewOf = makeViews()
  const found = scheduled(graph, viewOf, threads, set)
  const { fusions, schedule } = fuse(graph, found)
  const { last, levels, loops, readings, stored } = schedule
  const overwriting = inPlace(graph, schedule)
  const results = new Set(Object.values(graph.outputs))

  // Memory.
  const inputs = [...readings.keys()].filter((value) => value.kind === "input" && value.name.startsWith("inputs/"))
  const lookUpSources = [...readings.values()]
    .flat()
    .flatMap(({ view }) => view.axes.flatMap(({ by }) => by?.indices ?? []))
  const constants = [...readings.keys()].filter(
    // One number is part of the code; a truth value is not.
    (value): value is Constant => value.kind === "constant" && (value.values.length > 1 || value.type === "bool")
  )
  const scatterSources = [...levels.keys()].flatMap((operation) =>
    kindOf(operation) === "scatter" ? (indexSource(operation.inputs[1]!) ?? []) : []
  )
  const indices = [...lookUpSources, ...scatterSources]
  const lasting = [...new Set([...inputs, ...indices.filter(({ kind }) => kind === "input"), ...constants])]
  const lastUse = (operation: Operation): number =>
    results.has(operation)
      ? last + 2
      : Math.max(...(readings.get(operation) ?? []).map(({ user }) => levels.get(user)!))
  const temporaries = [...stored].filter((operation) => !overwriting.has(operation))
  const buffer = allocate([
    ...lasting.map((value) => ({ value, bytes: bytesOf(value), from: -1, to: last + 2 })),
    ...temporaries.map((value) => ({ value, bytes: bytesOf(value), from: levels.get(value)!, to: lastUse(value) }))
  ])

  const locations: Array<Location> = []
  const slots = new Map<string, number>()
  const slotOfLocation = (location: Location): number => {
    const key = JSON.stringify(location)
    if (!slots.has(key)) slots.set(key, locations.push(location) - 1)
    return slots.get(key)!
  }
  const locationOf = (value: Value): Location => {
    const name = value.kind === "operation" ? overwriting.get(value) : undefined
    if (name !== undefined) return { kind: "state", name }
    if (value.kind === "input" && !value.name.startsWith("inputs/")) {
      const end = value.name.indexOf("/")
      return { kind: value.name.slice(0, end) as "state" | "data", name: value.name.slice(end + 1) }
    }
    return { kind: "workspace", offset: buffer.offsets.get(value)! }
  }
  const slotOf = (value: Value): number => slotOfLocation(locationOf(value))
  const context: LoopContext = {
    set,
    readings: (operation) => readingsOf(operation, viewOf),
    isStored: (operation) => stored.has(operation),
    slotOf
  }

  // Phases.
  const parts: Array<Array<Phase>> = Array.from({ length: last + 2 }, () => [])
  const addLoop = (level: number, loop: Loop.Loop): void => {
    parts[level]!.push({ name: loop.name, emit: (code, share) => Loop.emit(loop, code, share) })
  }
  for (const operation of levels.keys()) {
    if (kindOf(operation) === "product")
      parts[levels.get(operation)!]!.push(productOf(operation, fusions.get(operation), context))
    if (kindOf(operation) === "image") parts[levels.get(operation)!]!.push(imageOf(operation, context))
    if (kindOf(operation) === "scatter") addLoop(levels.get(operation)!, scatterOf(operation, context))
    if (kindOf(operation) === "concat")
      concatenation(operation, context).forEach((loop) => addLoop(levels.get(operation)!, loop))
  }
  const fused = new Set(fusions.values())
  for (const operations of loops)
    if (!fused.has(operations)) addLoop(levels.get(operations[0]!)!, loopOf(operations, context))
  for (const [path, value] of Object.entries(graph.outputs)) {
    if (!path.startsWith("state/") || overwriting.has(value as Operation)) continue
    const copy = Op.operation("Identity", [value], value.shape, value.type)
    const name = path.slice("state/".length)
    addLoop(
      last + 1,
      loopOf([copy], {
        ...context,
        isStored: () => true,
        slotOf: (wanted) => (wanted === copy ? slotOfLocation({ kind: "state", name }) : slotOf(wanted))
      })
    )
  }

  return {
    phases: parts.flatMap((level) => (level.length === 0 ? [] : [merged(level)])),
    locations,
    workspaceBytes: buffer.bytes,
    constants: constants.map((value) => ({ value, offset: buffer.offsets.get(value)! })),
    inputs: lasting.flatMap((value) =>
      value.kind === "input" ? [{ name: value.name.slice("inputs/".length), offset: buffer.offsets.get(value)! }] : []
    ),
    outputs: Object.entries(graph.outputs).flatMap(([path, value]) =>
      path.startsWith("outputs/") ? [{ name: path.slice("outputs/".length), location: locationOf(value), value }] : []
    ),
    written: Object.keys(graph.outputs).flatMap((path) =>
      path.startsWith("state/") ? [path.slice("state/".length)] : []
    ),
    lookUps: lookUps(graph)
  }
}

/** The slot of a product that is not in memory. */
const unplaced = -1

/** The phase of a product, with the loop that is fused with it. */
const productOf = (operation: Operation, fused: ReadonlyArray<Operation> | undefined, context: LoopContext): Phase => {
  const { readings } = context
  const slotOf = (value: Value) => (fused !== undefined && value === operation ? unplaced : context.slotOf(value))
  const loop = fused && loopOf(fused, { ...context, slotOf })
  // Reshaping moves nothing.
  const [left, right, bias] = readings(operation).map(({ view }) => view.source)
  const [transposeLeft, transposeRight] = [operation.attributes["transA"] === 1, operation.attributes["transB"] === 1]
  const [rows, columns] = operation.shape.slice(-2) as [number, number]
  const count = sizeOf(operation.shape.slice(0, -2))
  const strideOf = ({ shape }: Value): number => (sizeOf(shape.slice(0, -2)) === 1 ? 0 : 4 * sizeOf(shape.slice(-2)))
  const product = Gemm.phase({
    rows,
    inner: innerOf(operation),
    columns,
    transposeLeft,
    transposeRight,
    left: slotOf(left!),
    right: slotOf(right!),
    to: loop === undefined ? slotOf(operation) : loop.stores[0]!.to.slot,
    ...(count > 1 && {
      batch: { count, left: strideOf(operation.inputs[0]!), right: strideOf(operation.inputs[1]!) }
    }),
    ...(loop !== undefined && { epilogue: epilogueOf(loop, unplaced) }),
    ...(bias !== undefined && { bias: slotOf(bias) })
  })
  return loop === undefined ? product : { ...product, name: `${product.name} ${loop.name}` }
}

const imageOf = (operation: Operation, { readings, set, slotOf }: LoopContext): Phase =>
  imagePhase(
    operation,
    readings(operation).map(({ view }) => slotOf(view.source)),
    slotOf(operation),
    set
  )

/** Parts that do not depend on each other, as one phase. */
const merged = (parts: ReadonlyArray<Phase>): Phase => ({
  name: parts.map(({ name }) => name).join(" + "),
  emit: (code, share) => parts.forEach(({ emit }) => emit(code, share))
})
