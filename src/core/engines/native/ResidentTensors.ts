/** Placed tensors in memory of the engine: each aligned and padded to 64 bytes. */
import type { Placed } from "../../Engine.ts"
import { type HostTensor, type HostTensors, sizeOf, type TensorType } from "../../Tensors.ts"
import type { ElementType } from "../graph/Graph.ts"
import type { DoubleBuffer } from "../onnxruntime/DoubleBuffer.ts"
import type { Address, Block, Libc } from "./Libc.ts"

export type ResidentTensors = ReadonlyMap<string, DoubleBuffer>

const line = 64
const paddedBytes = (bytes: number): number => Math.ceil(bytes / line) * line
const widths = { float32: 4, int32: 4, uint8: 1 }
const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }

/** The element type on the host of a value in a graph: truth values are bytes. */
export const hostType = (type: ElementType): HostTensor["dtype"] =>
  type === "bool" ? "uint8" : (type as HostTensor["dtype"])

/** An array over memory. */
export const arrayOver = ({ dtype, shape }: TensorType, memory: ArrayBuffer, offset: number): HostTensor["values"] =>
  new arrays[dtype](memory, offset, sizeOf(shape))

/** Larger byte tensors are not copied: a whole dataset is read in place. They are only read byte by byte. */
const largestCopy = 1 << 20

const isReadInPlace = ({ dtype, shape }: TensorType): boolean => dtype === "uint8" && sizeOf(shape) > largestCopy

/** Bytes for copies of all tensors that are copied. */
export const bytesFor = (tensors: HostTensors): number =>
  Object.values(tensors).reduce(
    (sum, type) => sum + (isReadInPlace(type) ? 0 : paddedBytes(sizeOf(type.shape) * widths[type.dtype])),
    0
  )

interface Allocation extends Block {
  /** The offset of each tensor. */
  readonly offsets: ReadonlyMap<string, number>
}

const allocations = new WeakMap<Placed, Allocation>()

/** Assigns a block of memory to placed tensors. Nothing is copied yet. */
export const assign = (placed: Placed, block: Block): void => {
  const offsets = new Map<string, number>()
  let next = 0
  for (const [name, type] of Object.entries(placed.types)) {
    if (isReadInPlace(type)) continue
    offsets.set(name, next)
    next += paddedBytes(sizeOf(type.shape) * widths[type.dtype])
  }
  allocations.set(placed, { ...block, offsets })
}

/** The address of a tensor, which is copied to its place in the block if it is elsewhere. */
export const addressIn = (
  placed: Placed,
  held: ResidentTensors,
  name: string,
  { addressOf }: Pick<Libc, "addressOf">
): Address => {
  const { address, buffer, offsets } = allocations.get(placed)!
  const slot = held.get(name)!
  const offset = offsets.get(name)
  if (offset === undefined) return addressOf(slot.current.data as Uint8Array<ArrayBuffer>)
  slot.settle(buffer, offset)
  return address + BigInt(offset)
}
