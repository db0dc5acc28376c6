/**
 * The order in which the values of a graph are computed, and which of them share a loop.
 *
 * Operations are assigned to levels: an operation reads nothing that its own level stores, except values that stay in
 * registers within one loop. A value is computed as early as possible, or later with its users if that keeps no other
 * value in memory.
 */
import { sizeOf } from "../../Tensors.ts"
import type { Graph, Operation, Value } from "../graph/Graph.ts"
import { computed, indicesOf, kindOf, operandsOf } from "./Lowering.ts"
import { stretched, type View, whole } from "./View.ts"

/** How an operation reads an operand: from a register if both are in one loop, else from memory. */
export interface Reading {
  readonly user: Operation
  readonly view: View
  /** Whether element `i` of the user needs element `i` of the source alone. */
  readonly inOrder: boolean
}

export interface Schedule {
  readonly levels: ReadonlyMap<Operation, number>
  /** The last level. */
  readonly last: number
  /** Elementwise operations and reductions of their results that share a loop, each after its operands. */
  readonly loops: ReadonlyArray<ReadonlyArray<Operation>>
  /** By operand. */
  readonly readings: ReadonlyMap<Value, ReadonlyArray<Reading>>
  /** Operations whose results are stored to memory. */
  readonly stored: ReadonlySet<Operation>
}

/** How a value reads each of its operands. */
export const readingsOf = (value: Operation, viewOf: (value: Value) => View | undefined): ReadonlyArray<Reading> => {
  const kind = kindOf(value)
  return operandsOf(value).map((operand) => {
    const seen = viewOf(operand)!
    const isBroadcast = kind === "elementwise" && sizeOf(operand.shape) !== sizeOf(value.shape)
    const view = isBroadcast ? stretched(seen, operand.shape, value.shape)! : seen
    const inOrder =
      (kind === "elementwise" || kind === "reduction") && isIdentity(view, sizeOf(operand.shape), isBroadcast)
    return { user: value, view, inOrder }
  })
}

const isIdentity = ({ axes, offset, source }: View, size: number, isBroadcast: boolean): boolean =>
  !isBroadcast &&
  offset === 0 &&
  sizeOf(source.shape) === size &&
  (axes.length === 0 || (axes.length === 1 && axes[0]!.stride === 1 && axes[0]!.by === undefined))

/** The schedule of a graph. Reductions in `apart` have loops of their own. */
export const schedule = (
  graph: Graph,
  viewOf: (value: Value) => View | undefined,
  apart: ReadonlySet<Operation>
): Schedule => {
  const operations = computed(graph).filter(
    (value): value is Operation => value.kind === "operation" && kindOf(value) !== "movement"
  )
  const isElementwise = (value: Value): value is Operation =>
    value.kind === "operation" && kindOf(value) === "elementwise"
  const canShare = ({ inOrder, user, view }: Reading): boolean =>
    inOrder && isElementwise(view.source) && !apart.has(user)

  /** Indices that are computed are read from memory by whoever reads what they choose. */
  const indexReadings = (user: Operation, readings: ReadonlyArray<Reading>): ReadonlyArray<Reading> => {
    const lookedUp = readings.flatMap(({ view }) => view.axes.flatMap(({ by }) => by?.indices ?? []))
    const sources = new Set([...indicesOf(user), ...lookedUp])
    return [...sources]
      .filter((indices) => indices.kind === "operation")
      .map((indices) => ({ user, view: whole(indices), inOrder: false }))
  }
  const needs = new Map(
    operations.map((operation) => {
      const readings = readingsOf(operation, viewOf)
      return [operation, [...readings, ...indexReadings(operation, readings)]]
    })
  )
  const readings = new Map<Value, Array<Reading>>()
  for (const reading of [...needs.values()].flat()) {
    const { source } = reading.view
    readings.set(source, [...(readings.get(source) ?? []), reading])
  }
  const results = new Set(Object.values(graph.outputs))

  // As early as possible.
  const levels = new Map<Operation, number>()
  for (const operation of operations) {
    const after = needs.get(operation)!.map((reading) => {
      const { source } = reading.view
      return source.kind !== "operation" ? 0 : levels.get(source)! + (canShare(reading) ? 0 : 1)
    })
    levels.set(operation, Math.max(0, ...after))
  }
  const last = Math.max(0, ...levels.values())

  const users = (value: Value): ReadonlyArray<Reading> => readings.get(value) ?? []
  const levelOf = (value: Value): number => levels.get(value as Operation)!
  const isKept = (value: Value): boolean => results.has(value) || users(value).some((reading) => !canShare(reading))

  /** Whether a value can be computed on a later level without storing values that would have stayed in registers. */
  const canWait = (value: Operation, level: number): boolean =>
    needs.get(value)!.every((reading) => {
      const { source } = reading.view
      if (!canShare(reading) || isKept(source)) return true
      return (
        users(source).every(({ user }) => user === value || levelOf(user) >= level) &&
        canWait(source as Operation, level)
      )
    })
  for (const operation of operations.toReversed()) {
    if (!isElementwise(operation)) continue
    const latest = Math.min(
      last,
      ...users(operation).map((reading) => levelOf(reading.user) - (canShare(reading) ? 0 : 1))
    )
    if (latest > levelOf(operation) && canWait(operation, latest)) levels.set(operation, latest)
  }

  // Operations that pass values in registers share a loop.
  const isShared = (reading: Reading): boolean =>
    canShare(reading) && levelOf(reading.user) === levelOf(reading.view.source)
  const leaders = new Map<Operation, Operation>()
  const leaderOf = (operation: Operation): Operation => {
    const leader = leaders.get(operation) ?? operation
    return leader === operation ? operation : leaderOf(leader)
  }
  for (const reading of [...needs.values()].flat())
    if (isShared(reading)) leaders.set(leaderOf(reading.user), leaderOf(reading.view.source as Operation))
  const inLoops = operations.filter((operation) => isElementwise(operation) || kindOf(operation) === "reduction")
  return {
    levels,
    last,
    loops: [...Map.groupBy(inLoops, leaderOf).values()],
    readings,
    stored: new Set(
      operations.filter(
        (value) => !isElementwise(value) || results.has(value) || users(value).some((reading) => !isShared(reading))
      )
    )
  }
}
