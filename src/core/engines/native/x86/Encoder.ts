/**
 * Encoders of instructions: legacy (general registers) and VEX (vectors of up to 256 bits, and opmasks).
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, 2.1 (ModRM, SIB, REX), 2.3 (VEX).
 */
import type { CodeBuffer } from "./CodeBuffer.ts"
import type { Encoding } from "./Encoding.ts"
import type { General, Mask, Memory, Vector } from "./Operands.ts"

/** An operand that is a register or memory. */
export type Place = General | Vector | Mask | Memory

export interface Encoder {
  /** ModRM, and for memory SIB and displacement; a displacement of one byte counts in multiples of `unit`. */
  readonly putPlace: (register: number, place: Place, unit: number, bytesAfter: number) => void
  /** `register` and `second` are register numbers; `bits` is the vector width; `number` is an immediate byte. */
  readonly vex: (
    encoding: Pick<Encoding, "map" | "prefix" | "wide" | "opcode">,
    bits: number,
    register: number,
    second: number,
    place: Place,
    number?: number
  ) => void
  /** `bytesAfter`: the length of an immediate that the caller appends. */
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

/** High bits of register numbers are inverted in VEX and EVEX. */
export const inverted = (value: number, position: number): number => 1 - bitOf(value, position)

/** The register's number, or that of the memory operand's base. */
export const baseOf = (place: Place): number =>
  place.kind !== "memory" ? place.index : place.base.kind === "general" ? place.base.index : 0

/** The number of the memory operand's index register. */
export const indexOf = (place: Place): number => (place.kind === "memory" ? (place.index?.index ?? 0) : 0)

export const make = ({ put, put32, refer }: CodeBuffer): Encoder => {
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
    // rbp and r13 always take a displacement: without one, their number means RIP-relative.
    const mode = displacement === 0 && base !== 5 ? 0 : isShort ? 1 : 2
    // rsp and r12 always take a SIB byte: their number announces one, and an index of 4 means none.
    if (place.index !== undefined || base === 4) {
      const index = place.index === undefined ? 4 : place.index.index & 7
      put((mode << 6) | field | 4, (Math.log2(place.scale) << 6) | (index << 3) | base)
    } else put((mode << 6) | field | base)
    if (mode === 1) put((displacement / unit) & 255)
    else if (mode === 2) put32(displacement)
  }

  return {
    putPlace,
    vex: ({ map, opcode, prefix, wide }, bits, register, second, place, number) => {
      const rest = ((~second & 15) << 3) | (Number(bits === 256) << 2) | prefix
      const r = inverted(register, 3) << 7
      const [x, b] = [inverted(indexOf(place), 3) << 6, inverted(baseOf(place), 3) << 5]
      if (x === 0 || b === 0 || map !== 1 || wide) put(0xc4, r | x | b | map, (Number(wide) << 7) | rest, opcode)
      else put(0xc5, r | rest, opcode)
      putPlace(register, place, 1, number === undefined ? 0 : 1)
      if (number !== undefined) put(number & 255)
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
