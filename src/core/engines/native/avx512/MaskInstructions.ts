/** Instructions on opmasks of 16 lanes, as functions that emit them. */
import type { Encoder } from "../x86/Encoder.ts"
import type { General, Mask, Memory } from "../x86/Operands.ts"

type Binary = (to: Mask, left: Mask, right: Mask) => void

export interface MaskInstructions {
  /** From and to general registers: the lowest 16 bits, the others 0. */
  readonly kmovw: {
    (to: Mask, from: Mask | General | Memory): void
    (to: General | Memory, from: Mask): void
  }
  readonly kandw: Binary
  /** `(not left) and right`. */
  readonly kandnw: Binary
  readonly korw: Binary
  readonly kxorw: Binary
  readonly kxnorw: Binary
  readonly knotw: (to: Mask, from: Mask) => void
  /** The zero flag: no lane is set in either. The carry flag: every lane is set in one. */
  readonly kortestw: (left: Mask, right: Mask) => void
}

export const make = ({ vex }: Encoder): MaskInstructions => {
  const plain = (opcode: number) => ({ map: 1, prefix: 0, wide: false, opcode })
  const binary =
    (opcode: number): Binary =>
    (to, left, right) =>
      vex(plain(opcode), 256, to.index, left.index, right)
  return {
    kmovw: (to: Mask | General | Memory, from: Mask | General | Memory) => {
      if (to.kind === "memory") vex(plain(0x91), 128, (from as Mask).index, 0, to)
      else if (to.kind === "general") vex(plain(0x93), 128, to.index, 0, from)
      else vex(plain(from.kind === "general" ? 0x92 : 0x90), 128, to.index, 0, from)
    },
    kandw: binary(0x41),
    kandnw: binary(0x42),
    korw: binary(0x45),
    kxnorw: binary(0x46),
    kxorw: binary(0x47),
    knotw: (to, from) => vex(plain(0x44), 128, to.index, 0, from),
    kortestw: (left, right) => vex(plain(0x98), 128, left.index, 0, right)
  }
}
