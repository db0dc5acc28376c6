/** A buffer of machine code: instruction bytes, labels among them, and a pool of constants after them. */
import { at, type Label, type Memory } from "./Operands.ts"

/** Labels and constants, for code that emits instructions. */
export interface Layout {
  readonly label: (name?: string) => Label
  /** Puts the label at the current position. */
  readonly bind: (label: Label) => void
  /** Pads with no-ops to a multiple of `bytes`. */
  readonly align: (bytes: 16 | 32 | 64) => void
  /** Adds up to 64 bytes to the constant pool, aligned to their size. Equal constants are stored once. */
  readonly constant: (values: Float32Array | Int32Array | Uint32Array | BigUint64Array) => Memory
  /** Bytes emitted so far. */
  readonly size: () => number
  /** The code followed by its constants, and the offsets of labels in it. */
  readonly finish: () => { readonly bytes: Uint8Array<ArrayBuffer>; readonly offsetOf: (label: Label) => number }
}

/** What instruction encoders write to. */
export interface CodeBuffer extends Layout {
  readonly put: (...bytes: ReadonlyArray<number>) => void
  /** Four bytes, little-endian. */
  readonly put32: (value: number) => void
  /** Four bytes: the distance to a label from the end of the instruction, which is `bytesAfter` bytes after these. */
  readonly refer: (label: Label, bytesAfter?: number, displacement?: number) => void
}

/** No-ops of 1 to 9 bytes: one long no-op decodes faster than several short ones. */
const fillers: ReadonlyArray<ReadonlyArray<number>> = [
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00]
]

export const make = (): CodeBuffer => {
  let buffer = new Uint8Array(1 << 12)
  let size = 0
  const offsets = new Map<Label, number>()
  const references: Array<{ readonly label: Label; readonly position: number; readonly from: number }> = []
  const constants = new Map<string, { readonly label: Label; readonly bytes: Uint8Array }>()

  const put = (...bytes: ReadonlyArray<number>): void => {
    if (size + bytes.length > buffer.length) {
      const grown = new Uint8Array(buffer.length * 2)
      grown.set(buffer)
      buffer = grown
    }
    buffer.set(bytes, size)
    size += bytes.length
  }
  const put32 = (value: number): void => put(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255)
  const align = (bytes: number): void => {
    for (let missing = -size & (bytes - 1); missing > 0; missing -= 9) put(...fillers[Math.min(9, missing) - 1]!)
  }
  const label = (name = ""): Label => ({ kind: "label", name })
  const bind = (label: Label): void => void offsets.set(label, size)

  return {
    put,
    put32,
    refer: (label, bytesAfter = 0, displacement = 0) => {
      references.push({ label, position: size, from: size + 4 + bytesAfter - displacement })
      put32(0)
    },
    label,
    bind,
    align,
    constant: (values) => {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice()
      const key = bytes.join()
      const found = constants.get(key) ?? { label: label("constant"), bytes }
      constants.set(key, found)
      return at(found.label)
    },
    size: () => size,
    finish: () => {
      // Largest first, so that each is aligned to its own size.
      const pool = [...constants.values()].sort((one, other) => other.bytes.length - one.bytes.length)
      if (pool.length > 0) align(64)
      for (const { label, bytes } of pool) {
        bind(label)
        put(...bytes)
      }
      const bytes = buffer.slice(0, size)
      const view = new DataView(bytes.buffer)
      const offsetOf = (label: Label): number => offsets.get(label)!
      for (const { label, position, from } of references) view.setInt32(position, offsetOf(label) - from, true)
      return { bytes, offsetOf }
    }
  }
}
