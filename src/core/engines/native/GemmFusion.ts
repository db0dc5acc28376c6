/**
 * Fuses elementwise loops with the matrix product that they read: a rectifier after a layer, an optimiser's update of a
 * weight. The loop's formula is evaluated on a tile of the product as soon as it is computed, so that the product is
 * neither written nor read again, and what else the loop reads is prefetched while the tile is computed.
 */
import { sizeOf } from "../../Tensors.ts"
import type { Graph, Operation, Value } from "../graph/Graph.ts"
import { longestInner } from "./Gemm.ts"
import type { Loop } from "./Loop.ts"
import { widthOf } from "./LoopFusion.ts"
import { kindOf } from "./Lowering.ts"
import type { Epilogue } from "./MatrixProduct.ts"
import { slot } from "./Phase.ts"
import { inOrder } from "./Formula.ts"
import { emitIteration, stackBytes } from "./RegisterAllocation.ts"
import type { Reading, Schedule } from "./Schedule.ts"
import { at, rax, rsp } from "./x86/Operands.ts"

/** The loop that is fused with each product. */
export type Fusions = ReadonlyMap<Operation, ReadonlyArray<Operation>>

/** Smaller products gain nothing. */
const smallestProduct = 256

/** Steps of the inner axis of a product. */
export const innerOf = ({ attributes, inputs }: Operation): number =>
  inputs[0]!.shape.at(attributes["transA"] === 1 ? -2 : -1)!

const isScalar = ({ view }: Reading): boolean =>
  sizeOf(view.source.shape) === 1 && view.axes.every(({ by, stride }) => stride === 0 && by === undefined)

/** The product whose results a loop can be computed from, if there is one: of several, the one that is computed last. */
const productOf = (
  loop: ReadonlyArray<Operation>,
  outside: ReadonlyArray<Reading>,
  results: ReadonlySet<Value>,
  { levels, readings, stored }: Schedule
): Operation | undefined => {
  const isSimple =
    loop.every((operation) => kindOf(operation) === "elementwise") &&
    loop.every((operation) => !stored.has(operation) || widthOf(operation.type) === 4) &&
    outside.every((reading) => widthOf(reading.view.source.type) === 4 && (reading.inOrder || isScalar(reading)))
  if (!isSimple) return undefined
  const products = outside
    .map(({ view }) => view.source)
    .filter(
      (source): source is Operation =>
        source.kind === "operation" &&
        source.operator === "Gemm" &&
        sizeOf(source.shape) >= smallestProduct &&
        innerOf(source) <= longestInner &&
        !results.has(source) &&
        readings.get(source)!.every(({ inOrder, user }) => inOrder && loop.includes(user))
    )
  return products.toSorted((one, other) => levels.get(other)! - levels.get(one)!)[0]
}

/**
 * Chooses the loops that are fused, and computes each with its product: as early as their operands allow, and not before
 * state that the loop overwrites is no longer read.
 */
export const fuse = (graph: Graph, schedule: Schedule): { readonly schedule: Schedule; readonly fusions: Fusions } => {
  const { loops, readings } = schedule
  const levels = new Map(schedule.levels)
  const stored = new Set(schedule.stored)
  const results = new Set(Object.values(graph.outputs))
  const fusions = new Map<Operation, ReadonlyArray<Operation>>()
  const inputs = new Map(
    [...readings.keys()].flatMap((value) => (value.kind === "input" ? [[value.name, value] as const] : []))
  )
  const statePaths = new Map(
    Object.entries(graph.outputs).flatMap(([path, value]) =>
      path.startsWith("state/") ? [[value as Operation, path] as const] : []
    )
  )
  for (const loop of loops) {
    const outside = [...readings.values()]
      .flat()
      .filter(({ user, view }) => loop.includes(user) && !loop.includes(view.source as Operation))
    const product = productOf(loop, outside, results, { ...schedule, levels, stored })
    if (product === undefined) continue
    const after = (value: Value): number => (value.kind === "operation" ? levels.get(value)! + 1 : 0)
    const operands = outside.map(({ view }) => (view.source === product ? levels.get(product)! : after(view.source)))
    const overwritten = loop.flatMap((operation) => {
      const path = statePaths.get(operation)
      const users = path === undefined ? [] : (readings.get(inputs.get(path)!) ?? [])
      return users.flatMap(({ user }) => (loop.includes(user) ? [] : [levels.get(user)! + 1]))
    })
    const latest = levels.get(loop[0]!)!
    const level = Math.max(...operands, ...overwritten.filter((level) => level <= latest))
    for (const operation of [product, ...loop]) levels.set(operation, level)
    stored.delete(product)
    fusions.set(product, loop)
  }
  return { schedule: { ...schedule, levels, stored }, fusions }
}

/** A loop as the epilogue of the product that is its leaf with the given slot. */
export const epilogueOf = ({ leaves, stores }: Loop, product: number): Epilogue => {
  const loads = inOrder(stores.map(({ item }) => item)).filter(({ step }) => step.name === "load")
  const accessOf = ({ step }: (typeof loads)[number]) => leaves[(step as { readonly leaf: number }).leaf]!
  const tensors = [...leaves, ...stores.map(({ to }) => to)].filter(({ strides }) => strides.at(-1) === 1)
  return {
    uses: [...new Set(tensors.map(({ slot }) => slot))].filter((slot) => slot !== product),
    emit: (code, { elementOf, tail, values }) => {
      const { simd } = code
      code.sub(rsp, stackBytes)
      emitIteration(code, {
        pinned: new Map(loads.filter((item) => accessOf(item).slot === product).map((item) => [item, values])),
        reserved: [],
        load: (item, register) => {
          const { offset, slot: from, strides } = accessOf(item as (typeof loads)[number])
          code.mov(rax, slot(from))
          if (strides.at(-1) === 0) simd.broadcast(register, at(rax, 4 * offset))
          else simd.load(register, elementOf(rax), tail)
        },
        results: stores.map(({ item, to }) => ({
          item,
          use: (register) => {
            code.mov(rax, slot(to.slot))
            simd.store(elementOf(rax), register, tail)
          }
        }))
      })
      code.add(rsp, stackBytes)
    }
  }
}
