/**
 * The three ways in which instructions are encoded: with vectors (EVEX), with masks (VEX), with general registers alone.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, 2.1 (ModRM, SIB, REX), 2.3 (VEX), 2.7.
 */
import type { Bytes } from "./Bytes.ts"
import type { Encoding } from "./Instructions.ts"
import type { General, Mask, Memory, Vector } from "./Operands.ts"

/** A register or memory, where an instruction can have either. */
export type Place = General | Vector | Mask | Memory

export interface Encoder {
  /** `register` and `second` are numbers of registers of any kind; `bits` is the vectors' width. */
  readonly evex: (
    encoding: Encoding,
    bits: number,
    register: number,
    second: number,
    place: Place,
    mask?: Mask,
    number?: number
  ) => void
  readonly vex: (opcode: number, isLong: boolean, register: number, second: number, place: Place) => void
  /** `bytesAfter`: those of a number that the caller puts behind it. */
  readonly legacy: (
    opcode: ReadonlyArray<number>,
    isWide: boolean,
    register: number,
    place: Place,
    bytesAfter?: number
  ) => void
}

export const fitsByte = (value: number): boolean => value >= -128 && value <= 127
const bitOf = (value: number, position: number): number => (value >> position) & 1
/** High bits of numbers of registers stand inverted in EVEX and VEX. */
const inverted = (value: number, position: number): number => 1 - bitOf(value, position)

/** The number of the register, or of that which memory begins at. */
const baseOf = (place: Place): number =>
  place.kind !== "memory" ? place.index : place.base.kind === "general" ? place.base.index : 0
const indexOf = (place: Place): number => (place.kind === "memory" ? (place.index?.index ?? 0) : 0)

/** Bytes that a displacement of one byte counts in: those that the instruction reads or writes. */
const unitOf = ({ extent, wide }: Encoding, bits: number, place: Place): number => {
  if (place.kind === "memory" && place.broadcast) return wide ? 8 : 4
  if (typeof extent === "number") return extent
  return bits / { full: 8, half: 16, quarter: 32 }[extent]
}

export const make = ({ put, put32, refer }: Bytes): Encoder => {
  /** ModRM, and for memory SIB and displacement. */
  const putPlace = (register: number, place: Place, unit: number, bytesAfter: number): void => {
    const field = (register & 7) << 3
    if (place.kind !== "memory") return put(0xc0 | field | (place.index & 7))
    const { displacement } = place
    if (place.base.kind === "label") {
      put(field | 5)
      return refer(place.base, bytesAfter, displacement)
    }
    const base = place.base.index & 7
    const isShort = displacement % unit === 0 && fitsByte(displacement / unit)
    // rbp and r13 always have a displacement: without one, their number means another thing.
    const mode = displacement === 0 && base !== 5 ? 0 : isShort ? 1 : 2
    // rsp and r12 always have an index: their number says that one follows, and 4 as an index says that there is none.
    if (place.index !== undefined || base === 4) {
      const index = place.index === undefined ? 4 : place.index.index & 7
      put((mode << 6) | field | 4, (Math.log2(place.scale) << 6) | (index << 3) | base)
    } else put((mode << 6) | field | base)
    if (mode === 1) put((displacement / unit) & 255)
    else if (mode === 2) put32(displacement)
  }

  return {
    evex: (encoding, bits, register, second, place, mask, number) => {
      const isMemory = place.kind === "memory"
      // The fifth bit of a register in a memory's place stands where memory has its index's fourth; the fifth of a
      // gather's index, where others have the second register's.
      const third = isMemory ? inverted(indexOf(place), 3) : inverted(place.index, 4)
      const fifth = inverted(isMemory && place.index?.kind === "vector" ? place.index.index : second, 4)
      put(
        0x62,
        (inverted(register, 3) << 7) |
          (third << 6) |
          (inverted(baseOf(place), 3) << 5) |
          (inverted(register, 4) << 4) |
          encoding.map,
        (Number(encoding.wide) << 7) | ((~second & 15) << 3) | 4 | encoding.prefix,
        (Number(mask?.zeroing ?? false) << 7) |
          (Math.log2(bits / 128) << 5) |
          (Number(isMemory && place.broadcast) << 4) |
          (fifth << 3) |
          (mask?.index ?? 0),
        encoding.opcode
      )
      putPlace(register, place, unitOf(encoding, bits, place), number === undefined ? 0 : 1)
      if (number !== undefined) put(number & 255)
    },
    vex: (opcode, isLong, register, second, place) => {
      const rest = ((~second & 15) << 3) | (Number(isLong) << 2)
      const r = inverted(register, 3) << 7
      const [x, b] = [inverted(indexOf(place), 3) << 6, inverted(baseOf(place), 3) << 5]
      if (x === 0 || b === 0) put(0xc4, r | x | b | 1, rest, opcode)
      else put(0xc5, r | rest, opcode)
      putPlace(register, place, 1, 0)
    },
    legacy: (opcode, isWide, register, place, bytesAfter = 0) => {
      const rex =
        (Number(isWide) << 3) | (bitOf(register, 3) << 2) | (bitOf(indexOf(place), 3) << 1) | bitOf(baseOf(place), 3)
      if (rex !== 0) put(0x40 | rex)
      put(...opcode)
      putPlace(register, place, 1, bytesAfter)
    }
  }
}
