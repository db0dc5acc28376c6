/**
 * WebAssembly memory in which updates are done: the state that they write, and room for what they read besides.
 *
 * onnxruntime reads and writes this memory through ordinary arrays over it, so nothing is copied.
 */
import { sizeOf, type TensorTypes } from "../../Tensors.ts"
import type { Value } from "../graph/Graph.ts"
import type { DoubleBuffer } from "./DoubleBuffer.ts"
import type { LeafSource, FusedUpdate } from "./FusedUpdate.ts"
import { Tensor } from "./Library.ts"
import { encodeForms, stride } from "./Wasm.ts"

const pageBytes = 65_536
/** WebAssembly's pointers have 32 bits. */
const largestBytes = 2 ** 32

/** Bytes of a vector of floats, with its padding. */
const room = (size: number): number => Math.ceil((4 * size) / stride) * stride

/** Bytes that the tensors take together. */
const roomFor = (types: Readonly<Record<string, { readonly shape: ReadonlyArray<number> }>>): number =>
  Object.values(types).reduce((sum, { shape }) => sum + room(sizeOf(shape)), 0)

/** The memory of one placed state. */
interface Arena {
  readonly memory: WebAssembly.Memory
  /** Where each tensor of the state begins. */
  readonly homes: ReadonlyMap<string, number>
  /** Where the rest begins. */
  readonly rest: number
  readonly bound: Map<Updates, BoundUpdates>
}

/** Updates made ready for every state of one signature. */
export interface Updates {
  readonly module: WebAssembly.Module
  readonly updates: ReadonlyArray<FusedUpdate & { readonly entry: string }>
  /** State that is written. */
  readonly state: TensorTypes
  /** What the updates are handed. */
  readonly handedOver: Readonly<Record<string, Value>>
}

/** Updates in one memory. */
export interface BoundUpdates {
  /** Where the graph before the updates writes what it hands over, by its outputs' names. */
  readonly targets: Readonly<Record<string, Tensor>>
  readonly run: () => void
}

/** One function for each form, however many vectors it is for. Nothing where the memory would be too large. */
export const prepare = (
  updates: ReadonlyArray<FusedUpdate>,
  state: TensorTypes,
  handedOver: Readonly<Record<string, Value>>
): Updates | undefined => {
  const written = Object.fromEntries(updates.flatMap(({ stores }) => stores.map((name) => [name, state[name]!])))
  if (updates.length === 0 || roomFor(written) + roomFor(handedOver) > largestBytes) return undefined
  const forms = new Map(updates.map(({ form }) => [JSON.stringify(form), form]))
  const entries = [...forms.keys()]
  return {
    module: new WebAssembly.Module(encodeForms([...forms.values()])),
    updates: updates.map((update) => ({ ...update, entry: String(entries.indexOf(JSON.stringify(update.form))) })),
    state: written,
    handedOver
  }
}

const suffices = (arena: Arena, { state, handedOver }: Updates): boolean =>
  Object.keys(state).every((name) => arena.homes.has(name)) &&
  arena.memory.buffer.byteLength - arena.rest >= roomFor(handedOver)

/** A memory for these updates on a state: the present one if it suffices. */
const arenaFor = (held: ReadonlyMap<string, DoubleBuffer>, present: Arena | undefined, updates: Updates): Arena => {
  if (present !== undefined && suffices(present, updates)) return present
  const homes = new Map<string, number>()
  // Address 0 stays free, as nothing should be there.
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

/** Makes sure that the written state is in a memory where the updates can be done, and says how to do them. */
export const settle = (held: ReadonlyMap<string, DoubleBuffer>, updates: Updates): BoundUpdates => {
  const arena = arenaFor(held, arenas.get(held), updates)
  arenas.set(held, arena)
  for (const name of Object.keys(updates.state)) held.get(name)!.settle(arena.memory.buffer, arena.homes.get(name)!)
  const bound = arena.bound.get(updates) ?? bind(arena, updates)
  arena.bound.set(updates, bound)
  return bound
}
