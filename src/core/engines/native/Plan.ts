/**
 * A graph as phases of machine code: what is done when, and where each value lies.
 *
 * Laws: state is written in place where nothing reads what it was any more, else at the very end; a place in the
 * workspace is used again once its value is not needed any more.
 */
import { sizeOf } from "../../Tensors.ts"
import type { Constant, Graph, Operation, Value } from "../graph/Graph.ts"
import * as Op from "../graph/Operators.ts"
import * as Loop from "./Loop.ts"
import { imagePhase } from "./ImageOperators.ts"
import { concatenation, loopOf, type Surroundings, widthOf } from "./LoopOf.ts"
import type { Phase } from "./Phase.ts"
import { kindOf, lookUps, makeViews, prepare } from "./Prepare.ts"
import * as Product from "./Product.ts"
import { readingsOf, type Schedule, schedule } from "./Schedule.ts"
import { placesOf } from "./Workspace.ts"

/** A pointer of the table: state or data by name, or a place in the workspace. */
export type Home =
  | { readonly kind: "state" | "data"; readonly name: string }
  | { readonly kind: "workspace"; readonly offset: number }

export interface Plan {
  readonly phases: ReadonlyArray<Phase>
  /** By number of the pointer. */
  readonly homes: ReadonlyArray<Home>
  readonly workspaceBytes: number
  /** Written once. */
  readonly constants: ReadonlyArray<{ readonly offset: number; readonly value: Constant }>
  /** Written before each run. */
  readonly inputs: ReadonlyArray<{ readonly name: string; readonly offset: number }>
  readonly outputs: ReadonlyArray<{ readonly name: string; readonly home: Home; readonly value: Value }>
  /** State that a run changes. */
  readonly written: ReadonlyArray<string>
  /** Inputs that choose rows, with how many there are. */
  readonly lookUps: ReadonlyArray<{ readonly name: string; readonly rows: number }>
}

const bytesOf = ({ shape, type }: Value): number => sizeOf(shape) * widthOf(type)

/** The state that each operation's result can be written over at once. */
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

/** The schedule in which no two reductions of one loop keep threads from sharing it. */
const scheduled = (
  graph: Graph,
  viewOf: ReturnType<typeof makeViews>,
  threads: number
): Schedule & { readonly loopsOf: (surroundings: Surroundings) => ReadonlyArray<Loop.Loop> } => {
  const apart = new Set<Operation>()
  for (;;) {
    const found = schedule(graph, viewOf, apart)
    const surroundings: Surroundings = {
      readings: (operation) => readingsOf(operation, viewOf),
      isStored: (operation) => found.stored.has(operation),
      slotOf: () => 0
    }
    const before = apart.size
    for (const operations of found.loops) {
      const reductions = operations.filter((operation) => kindOf(operation) === "reduction")
      const isAlone = reductions.length < 2 && operations.length === reductions.length
      if (reductions.length > 0 && !isAlone && Loop.isTorn(loopOf(operations, surroundings), threads))
        apart.add(reductions.findLast((operation) => !apart.has(operation))!)
    }
    if (apart.size === before)
      return { ...found, loopsOf: (surroundings) => found.loops.map((operations) => loopOf(operations, surroundings)) }
  }
}

/** Raises `Unsupported` for what there is no machine code for. */
export const plan = (traced: Graph, threads: number): Plan => {
  const graph = prepare(traced)
  const viewOf = makeViews()
  const found = scheduled(graph, viewOf, threads)
  const { last, levels, loops, readings, stored } = found
  const overwriting = inPlace(graph, found)
  const results = new Set(Object.values(graph.outputs))

  // Places.
  const inputs = [...readings.keys()].filter((value) => value.kind === "input" && value.name.startsWith("inputs/"))
  const lookUpSources = [...readings.values()].flat().flatMap(({ view }) => view.axes.flatMap(({ by }) => by ?? []))
  const constants = [...readings.keys()].filter(
    (value): value is Constant => value.kind === "constant" && value.values.length > 1
  )
  const lasting = [...new Set([...inputs, ...lookUpSources, ...constants])]
  const lastUse = (operation: Operation): number =>
    results.has(operation)
      ? last + 2
      : Math.max(...(readings.get(operation) ?? []).map(({ user }) => levels.get(user)!))
  const temporaries = [...stored].filter((operation) => !overwriting.has(operation))
  const places = placesOf([
    ...lasting.map((value) => ({ value, bytes: bytesOf(value), from: -1, to: last + 2 })),
    ...temporaries.map((value) => ({ value, bytes: bytesOf(value), from: levels.get(value)!, to: lastUse(value) }))
  ])

  const homes: Array<Home> = []
  const slots = new Map<string, number>()
  const slotOfHome = (home: Home): number => {
    const key = JSON.stringify(home)
    if (!slots.has(key)) slots.set(key, homes.push(home) - 1)
    return slots.get(key)!
  }
  const homeOf = (value: Value): Home => {
    const name = value.kind === "operation" ? overwriting.get(value) : undefined
    if (name !== undefined) return { kind: "state", name }
    if (value.kind === "input" && !value.name.startsWith("inputs/")) {
      const end = value.name.indexOf("/")
      return { kind: value.name.slice(0, end) as "state" | "data", name: value.name.slice(end + 1) }
    }
    return { kind: "workspace", offset: places.offsets.get(value)! }
  }
  const slotOf = (value: Value): number => slotOfHome(homeOf(value))
  const surroundings: Surroundings = {
    readings: (operation) => readingsOf(operation, viewOf),
    isStored: (operation) => stored.has(operation),
    slotOf
  }

  // Parts.
  const parts: Array<Array<Phase>> = Array.from({ length: last + 2 }, () => [])
  const addLoop = (level: number, loop: Loop.Loop): void => {
    parts[level]!.push({ name: loop.name, emit: (code, share) => Loop.emit(loop, code, share) })
  }
  for (const operation of levels.keys()) {
    if (kindOf(operation) === "product") parts[levels.get(operation)!]!.push(productOf(operation, surroundings))
    if (kindOf(operation) === "image") parts[levels.get(operation)!]!.push(imageOf(operation, surroundings))
    if (kindOf(operation) === "concat")
      concatenation(operation, surroundings).forEach((loop) => addLoop(levels.get(operation)!, loop))
  }
  found.loopsOf(surroundings).forEach((loop, index) => addLoop(levels.get(loops[index]![0]!)!, loop))
  for (const [path, value] of Object.entries(graph.outputs)) {
    if (!path.startsWith("state/") || overwriting.has(value as Operation)) continue
    const copy = Op.operation("Identity", [value], value.shape, value.type)
    const name = path.slice("state/".length)
    addLoop(
      last + 1,
      loopOf([copy], {
        ...surroundings,
        isStored: () => true,
        slotOf: (wanted) => (wanted === copy ? slotOfHome({ kind: "state", name }) : slotOf(wanted))
      })
    )
  }

  return {
    phases: parts.flatMap((level) => (level.length === 0 ? [] : [together(level)])),
    homes,
    workspaceBytes: places.bytes,
    constants: constants.map((value) => ({ value, offset: places.offsets.get(value)! })),
    inputs: lasting.flatMap((value) =>
      value.kind === "input" ? [{ name: value.name.slice("inputs/".length), offset: places.offsets.get(value)! }] : []
    ),
    outputs: Object.entries(graph.outputs).flatMap(([path, value]) =>
      path.startsWith("outputs/") ? [{ name: path.slice("outputs/".length), home: homeOf(value), value }] : []
    ),
    written: Object.keys(graph.outputs).flatMap((path) =>
      path.startsWith("state/") ? [path.slice("state/".length)] : []
    ),
    lookUps: lookUps(graph)
  }
}

const productOf = (operation: Operation, { readings, slotOf }: Surroundings): Phase => {
  // What is reshaped lies where it was.
  const [left, right, bias] = readings(operation).map(({ view }) => view.source)
  const [transposeLeft, transposeRight] = [operation.attributes["transA"] === 1, operation.attributes["transB"] === 1]
  const [rows, columns] = operation.shape as readonly [number, number]
  return Product.phase({
    rows,
    inner: operation.inputs[0]!.shape[transposeLeft ? 0 : 1]!,
    columns,
    transposeLeft,
    transposeRight,
    left: slotOf(left!),
    right: slotOf(right!),
    to: slotOf(operation),
    ...(bias !== undefined && { bias: slotOf(bias) })
  })
}

const imageOf = (operation: Operation, { readings, slotOf }: Surroundings): Phase =>
  imagePhase(
    operation,
    readings(operation).map(({ view }) => slotOf(view.source)),
    slotOf(operation)
  )

/** Parts that no one of them waits for, as one phase. */
const together = (parts: ReadonlyArray<Phase>): Phase => ({
  name: parts.map(({ name }) => name).join(" + "),
  emit: (code, share) => parts.forEach(({ emit }) => emit(code, share))
})
