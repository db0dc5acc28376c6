/**
 * An arena of WebAssembly memory for in-place updates: the state that they write, and buffers for their other operands.
 *
 * onnxruntime reads and writes it through typed arrays, without copies.
 */
import { sizeOf, type TensorTypes } from "../../Tensors.ts"
import type { Value } from "../graph/Graph.ts"
import type { DoubleBuffer } from "./DoubleBuffer.ts"
import type { LeafSource, FusedUpdate } from "./FusedUpdate.ts"
import { Tensor } from "./Library.ts"
import { encodeLoops, stride } from "./Wasm.ts"

const pageBytes = 65_536
/** WebAssembly's pointers have 32 bits. */
const largestBytes = 2 ** 32

/** Size in bytes of a padded float vector. */
const room = (size: number): number => Math.ceil((4 * size) / stride) * stride

/** Total size of the tensors in bytes. */
const roomFor = (types: Readonly<Record<string, { readonly shape: ReadonlyArray<number> }>>): number =>
  Object.values(types).reduce((sum, { shape }) => sum + room(sizeOf(shape)), 0)

/** The arena of one placed state. */
interface Arena {
  readonly memory: WebAssembly.Memory
  /** Offset of each tensor of the state. */
  readonly homes: ReadonlyMap<string, number>
  /** Offset of the other operands. */
  readonly rest: number
  readonly bound: Map<Updates, BoundUpdates>
}

/** Updates compiled for one signature. */
export interface Updates {
  readonly module: WebAssembly.Module
  readonly updates: ReadonlyArray<FusedUpdate & { readonly entry: string }>
  /** The state that they write. */
  readonly state: TensorTypes
  /** Outputs of the graph that the updates read. */
  readonly handedOver: Readonly<Record<string, Value>>
}

/** Updates bound to one arena. */
export interface BoundUpdates {
  /** Buffers for the graph's outputs that the updates read, by name. */
  readonly targets: Readonly<Record<string, Tensor>>
  readonly run: () => void
}

/** Compiles one function per form. Undefined if the memory would be too large. */
export const prepare = (
  updates: ReadonlyArray<FusedUpdate>,
  state: TensorTypes,
  handedOver: Readonly<Record<string, Value>>
): Updates | undefined => {
  const written = Object.fromEntries(updates.flatMap(({ stores }) => stores.map((name) => [name, state[name]!])))
  if (updates.length === 0 || roomFor(written) + roomFor(handedOver) > largestBytes) return undefined
  const loops = new Map(updates.map(({ form }) => [JSON.stringify(form), form]))
  const entries = [...loops.keys()]
  return {
    module: new WebAssembly.Module(encodeLoops([...loops.values()])),
    updates: updates.map((update) => ({ ...update, entry: String(entries.indexOf(JSON.stringify(update.form))) })),
    state: written,
    handedOver
  }
}

const suffices = (arena: Arena, { state, handedOver }: Updates): boolean =>
  Object.keys(state).every((name) => arena.homes.has(name)) &&
  arena.memory.buffer.byteLength - arena.rest >= roomFor(handedOver)

/** An arena for these updates on a state: the current one if it is large enough. */
const arenaFor = (held: ReadonlyMap<string, DoubleBuffer>, present: Arena | undefined, updates: Updates): Arena => {
  if (present !== undefined && suffices(present, updates)) return present
  const homes = new Map<string, number>()
  // Address 0 stays unused.
  let next = stride
  for (const name of new Set([...(present?.homes.keys() ?? []), ...Object.keys(updates.state)])) {
    homes.set(name, next)
    next += room(sizeOf(held.get(name)!.current.dims))
  }
  const former = present === undefined ? 0 : present.memory.buffer.byteLength - present.rest
  const pages = Math.ceil((next + Math.max(roomFor(updates.handedOver), former)) / pageBytes)
  return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages }), homes, rest: next, bound: new Map() }
}

const bind = (arena: Arena, { module, updates, handedOver }: Updates): BoundUpdates => {
  const { memory, homes, rest } = arena
  const exports = new WebAssembly.Instance(module, { state: { memory } }).exports
  const addresses = new Map<string, number>()
  let next = rest
  const targets = Object.fromEntries(
    Object.entries(handedOver).map(([name, { shape }]) => {
      const address = next
      addresses.set(name, address)
      next += room(sizeOf(shape))
      return [name, new Tensor("float32", new Float32Array(memory.buffer, address, sizeOf(shape)), shape)]
    })
  )
  const addressOf = (source: LeafSource): number =>
    "state" in source ? homes.get(source.state)! : addresses.get(source.output)!
  const calls = updates.map(({ entry, size, sources, stores }) => {
    const call = exports[entry] as (...numbers: ReadonlyArray<number>) => void
    const pointers = [room(size), ...sources.map(addressOf), ...stores.map((name) => homes.get(name)!)]
    return () => call(...pointers)
  })
  return { targets, run: () => calls.forEach((call) => call()) }
}

const arenas = new WeakMap<ReadonlyMap<string, DoubleBuffer>, Arena>()

/** Moves the written state into an arena if necessary, and returns the updates bound to it. */
export const settle = (held: ReadonlyMap<string, DoubleBuffer>, updates: Updates): BoundUpdates => {
  const arena = arenaFor(held, arenas.get(held), updates)
  arenas.set(held, arena)
  for (const name of Object.keys(updates.state)) held.get(name)!.settle(arena.memory.buffer, arena.homes.get(name)!)
  const bound = arena.bound.get(updates) ?? bind(arena, updates)
  arena.bound.set(updates, bound)
  return bound
}
