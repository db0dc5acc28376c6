/** Placed tensors where machine code can reach them: each at a multiple of 64 bytes, with room up to the next. */
import type { Placed } from "../../Engine.ts"
import { type HostTensor, type HostTensors, sizeOf, type TensorType } from "../../Tensors.ts"
import type { ElementType } from "../graph/Graph.ts"
import type { DoubleBuffer } from "../onnxruntime/DoubleBuffer.ts"
import type { Address, Block, Memory } from "./Memory.ts"

export type HeldTensors = ReadonlyMap<string, DoubleBuffer>

const line = 64
const roomOf = (bytes: number): number => Math.ceil(bytes / line) * line
const widths = { float32: 4, int32: 4, uint8: 1 }
const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }

/** The element type outside of a value inside: truth values are bytes. */
export const hostType = (type: ElementType): HostTensor["dtype"] =>
  type === "bool" ? "uint8" : (type as HostTensor["dtype"])

/** An array over memory. */
export const arrayOver = ({ dtype, shape }: TensorType, memory: ArrayBuffer, offset: number): HostTensor["values"] =>
  new arrays[dtype](memory, offset, sizeOf(shape))

/** So many bytes stay where they were given: a whole dataset is read there. They are only ever read a byte at a time. */
const largestCopy = 1 << 20

const staysThere = ({ dtype, shape }: TensorType): boolean => dtype === "uint8" && sizeOf(shape) > largestCopy

/** Bytes for copies of all tensors that may be copied. */
export const roomFor = (tensors: HostTensors): number =>
  Object.values(tensors).reduce(
    (sum, type) => sum + (staysThere(type) ? 0 : roomOf(sizeOf(type.shape) * widths[type.dtype])),
    0
  )

interface Room extends Block {
  /** Where each tensor begins. */
  readonly offsets: ReadonlyMap<string, number>
}

const rooms = new WeakMap<Placed, Room>()

/** Gives placed tensors room, which nothing is in yet. */
export const give = (placed: Placed, block: Block): void => {
  const offsets = new Map<string, number>()
  let next = 0
  for (const [name, type] of Object.entries(placed.types)) {
    if (staysThere(type)) continue
    offsets.set(name, next)
    next += roomOf(sizeOf(type.shape) * widths[type.dtype])
  }
  rooms.set(placed, { ...block, offsets })
}

/** Where a tensor lies, brought to its room if it is elsewhere. */
export const settle = (placed: Placed, held: HeldTensors, name: string, { addressOf }: Memory): Address => {
  const { address, buffer, offsets } = rooms.get(placed)!
  const slot = held.get(name)!
  const offset = offsets.get(name)
  if (offset === undefined) return addressOf(slot.current.data as Uint8Array<ArrayBuffer>)
  slot.settle(buffer, offset)
  return address + BigInt(offset)
}
