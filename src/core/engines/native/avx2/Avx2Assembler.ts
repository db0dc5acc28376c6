/**
 * An assembler for x86-64 with AVX2 and FMA, one call per instruction: `code.vaddps(ymm(1), ymm(2), at(rax, 32))`.
 *
 * Laws: each call emits its instruction and nothing else, in order. The destination comes first. The code is
 * position-independent; its constants follow it.
 */
import * as Assembler from "../x86/Assembler.ts"
import type { Encoder } from "../x86/Encoder.ts"
import { methods } from "../x86/Encoding.ts"
import type { General, Memory, Vector } from "../x86/Operands.ts"
import * as Instructions from "./Instructions.ts"

type Source = Vector | Memory
type Methods<Table, Method> = { readonly [Name in keyof Table]: Method }
type Unary = (to: Vector, from: Source) => void
type UnaryWithNumber = (to: Vector, from: Source, number: number) => void
type Binary = (to: Vector, left: Vector, right: Source) => void
type BinaryWithNumber = (to: Vector, left: Vector, right: Source, number: number) => void
type Move = (to: Source | General, from: Source | General) => void
type Store = (to: Memory, from: Vector) => void
type Extraction = (to: Source, from: Vector, number: number) => void

export type Avx2Assembler = Assembler.Assembler &
  Methods<typeof Instructions.binary, Binary> &
  Methods<typeof Instructions.unary, Unary> &
  Methods<typeof Instructions.binaryWithNumber, BinaryWithNumber> &
  Methods<typeof Instructions.unaryWithNumber, UnaryWithNumber> &
  Methods<typeof Instructions.shifts, (to: Vector, from: Vector, number: number) => void> &
  Methods<typeof Instructions.moves, Move> &
  Methods<typeof Instructions.stores, Store> &
  Methods<typeof Instructions.extractions, Extraction> & {
    /** Where the mask's sign bit is set, `whereSet`, else `otherwise`. */
    readonly vblendvps: (to: Vector, otherwise: Vector, whereSet: Source, mask: Vector) => void
    /** Lanes whose sign bit in the mask is not set become 0, and are not read. */
    readonly vmaskmovps: (to: Vector, mask: Vector, from: Memory) => void
    /** `to, [base + vector * scale], mask`: the mask is cleared in passing. */
    readonly vgatherdps: (to: Vector, from: Memory, mask: Vector) => void
  }

const vectorInstructions = ({ vex }: Encoder) => ({
  ...methods(
    Instructions.unary,
    (row): Unary =>
      (to, from) =>
        vex(row, to.bits, to.index, 0, from)
  ),
  ...methods(
    Instructions.unaryWithNumber,
    (row): UnaryWithNumber =>
      (to, from, number) =>
        vex(row, to.bits, to.index, 0, from, number)
  ),
  ...methods(Instructions.shifts, (row) => (to: Vector, from: Vector, number: number) => {
    vex(row, to.bits, row.digit, to.index, from, number)
  }),
  ...methods(
    Instructions.binary,
    (row): Binary =>
      (to, left, right) =>
        vex(row, to.bits, to.index, left.index, right)
  ),
  ...methods(
    Instructions.binaryWithNumber,
    (row): BinaryWithNumber =>
      (to, left, right, number) =>
        vex(row, to.bits, to.index, left.index, right, number)
  ),
  ...methods(Instructions.moves, ([load, store]): Move => (to, from) => {
    if (to.kind === "vector") vex(load, to.bits, to.index, 0, from)
    else if (from.kind === "vector") vex(store, from.bits, from.index, 0, to)
  }),
  ...methods(
    Instructions.stores,
    (row): Store =>
      (to, from) =>
        vex(row, 128, from.index, 0, to)
  ),
  ...methods(
    Instructions.extractions,
    (row): Extraction =>
      (to, from, number) =>
        vex(row, from.bits, from.index, 0, to, number)
  ),
  vblendvps: (to: Vector, otherwise: Vector, whereSet: Source, mask: Vector) =>
    vex(Instructions.masked.vblendvps, to.bits, to.index, otherwise.index, whereSet, mask.index << 4),
  vmaskmovps: (to: Vector, mask: Vector, from: Memory) =>
    vex(Instructions.masked.vmaskmovps, to.bits, to.index, mask.index, from),
  vgatherdps: (to: Vector, from: Memory, mask: Vector) =>
    vex(Instructions.masked.vgatherdps, to.bits, to.index, mask.index, from)
})

/** An empty buffer of code. */
export const make = (): Avx2Assembler => {
  const { assembler, encoder } = Assembler.makeParts()
  return { ...assembler, ...vectorInstructions(encoder) }
}
