/** Instructions on masks of 16 lanes, as functions that write them. */
import type { Encoder } from "./Encoder.ts"
import type { General, Mask, Memory } from "./Operands.ts"

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
  const binary =
    (opcode: number): Binary =>
    (to, left, right) =>
      vex(opcode, true, to.index, left.index, right)
  return {
    kmovw: (to: Mask | General | Memory, from: Mask | General | Memory) => {
      if (to.kind === "memory") vex(0x91, false, (from as Mask).index, 0, to)
      else if (to.kind === "general") vex(0x93, false, to.index, 0, from)
      else vex(from.kind === "general" ? 0x92 : 0x90, false, to.index, 0, from)
    },
    kandw: binary(0x41),
    kandnw: binary(0x42),
    korw: binary(0x45),
    kxnorw: binary(0x46),
    kxorw: binary(0x47),
    knotw: (to, from) => vex(0x44, false, to.index, 0, from),
    kortestw: (left, right) => vex(0x98, false, left.index, 0, right)
  }
}
