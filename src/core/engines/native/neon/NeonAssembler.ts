/**
 * An assembler for arm64 with NEON. Vector registers are numbers, 0 to 31: `code.fadd(1, 2, 3)`, `code.ldrQ(1, at(rax, 16))`.
 *
 * Laws: the destination comes first. The code is position-independent from the start of a page on; its constants follow it.
 */
import type * as Contract from "../Assembler.ts"
import * as Assembler from "../arm64/Assembler.ts"
import { fields } from "../arm64/Words.ts"
import type { Memory } from "../x86/Operands.ts"
import { methods } from "../x86/Encoding.ts"
import * as Instructions from "./Instructions.ts"

type Methods<Table, Method> = { readonly [Name in keyof Table]: Method }

export type NeonAssembler = Contract.Assembler &
  Methods<typeof Instructions.binary, (to: number, left: number, right: number) => void> &
  Methods<typeof Instructions.unary, (to: number, from: number) => void> &
  Methods<typeof Instructions.shifts, (to: number, from: number, distance: number) => void> &
  Methods<typeof Instructions.transfers, (register: number, memory: Memory) => void> &
  Methods<typeof Instructions.lanes, (register: number, lane: number, memory: Memory) => void> & {
    readonly zero: (to: number) => void
    /** `to += left right[0]`. */
    readonly fmlaFirst: (to: number, left: number, right: number) => void
    /** The upper half of `left`, then the lower half of `right`. */
    readonly extHalf: (to: number, left: number, right: number) => void
    /** One lane of another vector, and its first two lanes. */
    readonly insert: (to: number, lane: number, from: number) => void
    readonly insertPair: (to: number, from: number) => void
    /** The sign-extended lane to a general register, by its number on arm64. */
    readonly smov: (to: number, from: number, lane: number) => void
  }

/** An empty buffer of code, and what addresses in it are computed with. */
export const make = (): { readonly code: NeonAssembler; readonly words: Assembler.Parts["words"] } => {
  const { assembler, words } = Assembler.makeParts()
  const { put } = words
  const laneOf = (bits: number, lane: number): number =>
    bits === 32 ? ((lane >> 1) << 30) | ((lane & 1) << 12) : ((lane >> 3) << 30) | ((lane & 7) << 10)
  const code: NeonAssembler = {
    ...assembler,
    ...methods(Instructions.binary, (opcode) => (to: number, left: number, right: number) => {
      put(fields(opcode, to, left, right))
    }),
    ...methods(Instructions.unary, (opcode) => (to: number, from: number) => put(fields(opcode, to, from))),
    ...methods(Instructions.shifts, ({ base, opcode, sign }) => (to: number, from: number, distance: number) => {
      put(fields(opcode, to, from, base + sign * distance))
    }),
    ...methods(Instructions.transfers, (transfer) => (register: number, memory: Memory) => {
      words.transfer(transfer, register, memory)
    }),
    ...methods(Instructions.lanes, ({ bits, opcode }) => (register: number, lane: number, memory: Memory) => {
      put(fields(opcode | laneOf(bits, lane), register, words.addressOf(memory)))
    }),
    zero: (to) => put(0x4f000400 | to),
    fmlaFirst: (to, left, right) => put(fields(0x4f801000, to, left, right)),
    extHalf: (to, left, right) => put(fields(0x6e004000, to, left, right)),
    insert: (to, lane, from) => put(fields(0x6e000400 | (lane << 13), to, from, (lane << 3) | 4)),
    insertPair: (to, from) => put(fields(0x6e000400, to, from, 8)),
    smov: (to, from, lane) => put(fields(0x4e002c00, to, from, (lane << 3) | 4))
  }
  return { code, words }
}
