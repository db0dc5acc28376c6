/** A buffer of machine code: instruction bytes, labels among them, and a pool of constants after them. */
import { at, type Label, type Memory } from "./x86/Operands.ts"

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
  /** Where a label is, if it is bound already. */
  readonly known: (label: Label) => number | undefined
  /** Completes bytes that depend on labels, when all are bound. */
  readonly later: (complete: Completion) => void
}

/** Writes into the finished code, in which each label has its offset. */
export type Completion = (code: DataView<ArrayBuffer>, offsetOf: (label: Label) => number) => void

/** An empty buffer. `padding`: bytes of instructions that do nothing, as many as asked for. */
export const make = (padding: (bytes: number) => ReadonlyArray<number>): CodeBuffer => {
  let buffer = new Uint8Array(1 << 12)
  let size = 0
  const offsets = new Map<Label, number>()
  const completions: Array<Completion> = []
  const constants = new Map<string, { readonly label: Label; readonly bytes: Uint8Array }>()

  // Called for each instruction: a loop, because `TypedArray.set` takes longer for a few bytes.
  const put = (...bytes: ReadonlyArray<number>): void => {
    if (size + bytes.length > buffer.length) {
      const grown = new Uint8Array(buffer.length * 2)
      grown.set(buffer)
      buffer = grown
    }
    for (let index = 0; index < bytes.length; index++) buffer[size + index] = bytes[index]!
    size += bytes.length
  }
  const put32 = (value: number): void => put(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255)
  const align = (bytes: number): void => put(...padding(-size & (bytes - 1)))
  const label = (name = ""): Label => ({ kind: "label", name })
  const bind = (label: Label): void => void offsets.set(label, size)

  return {
    put,
    put32,
    known: (label) => offsets.get(label),
    later: (complete) => void completions.push(complete),
    label,
    bind,
    align,
    constant: (values) => {
      const { buffer, byteLength, byteOffset } = values
      const key = new Uint32Array(buffer, byteOffset, byteLength / 4).join()
      let found = constants.get(key)
      if (found === undefined) {
        found = { label: label("constant"), bytes: new Uint8Array(buffer, byteOffset, byteLength).slice() }
        constants.set(key, found)
      }
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
      for (const complete of completions) complete(view, offsetOf)
      return { bytes, offsetOf }
    }
  }
}
