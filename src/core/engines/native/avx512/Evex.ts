/**
 * The EVEX encoding: vectors of up to 512 bits, opmasks, and memory operands that are broadcast to all lanes.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, 2.7.
 */
import type { CodeBuffer } from "../x86/CodeBuffer.ts"
import { baseOf, type Encoder, indexOf, inverted, type Place } from "../x86/Encoder.ts"
import type { Encoding } from "../x86/Encoding.ts"
import type { Mask } from "../x86/Operands.ts"

/** `register` and `second` are register numbers; `bits` is the vector width; `number` is an immediate byte. */
export type Evex = (
  encoding: Encoding,
  bits: number,
  register: number,
  second: number,
  place: Place,
  mask?: Mask,
  number?: number
) => void

/** The unit of a displacement of one byte: the bytes that the instruction reads or writes. */
const unitOf = ({ extent, wide }: Encoding, bits: number, place: Place): number => {
  if (place.kind === "memory" && place.broadcast) return wide ? 8 : 4
  if (typeof extent === "number") return extent
  return bits / { full: 8, half: 16, quarter: 32 }[extent]
}

export const make =
  ({ putPlace }: Encoder, { put }: CodeBuffer): Evex =>
  (encoding, bits, register, second, place, mask, number) => {
    const isMemory = place.kind === "memory"
    // The fifth bit of a register operand is in the field of a memory operand's index; the fifth bit of a gather's index
    // is in the field of the second register.
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
  }
