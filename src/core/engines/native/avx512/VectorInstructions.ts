/** AVX-512 instructions on vectors, as functions that emit them. A last operand that is a mask says which lanes are written. */
import { methods } from "../x86/Encoding.ts"
import type { General, Mask, Memory, Vector } from "../x86/Operands.ts"
import type { Evex } from "./Evex.ts"
import * as Instructions from "./Instructions.ts"

type Source = Vector | Memory
type Methods<Table, Method> = { readonly [Name in keyof Table]: Method }
type Unary = (to: Vector, from: Source, mask?: Mask) => void
type UnaryWithNumber = (to: Vector, from: Source, number: number, mask?: Mask) => void
type Binary = (to: Vector, left: Vector, right: Source, mask?: Mask) => void
type BinaryWithNumber = (to: Vector, left: Vector, right: Source, number: number, mask?: Mask) => void
type Comparison = (to: Mask, left: Vector, right: Source, number: number, mask?: Mask) => void
type Test = (to: Mask, left: Vector, right: Source, mask?: Mask) => void
type Move = (to: Source, from: Source, mask?: Mask) => void
type Narrowing = (to: Source, from: Vector, mask?: Mask) => void
type Extraction = (to: Source, from: Vector, number: number, mask?: Mask) => void
type Gather = (to: Vector, from: Memory, mask: Mask) => void

export type VectorInstructions = Methods<typeof Instructions.unary, Unary> &
  Methods<typeof Instructions.unaryWithNumber & typeof Instructions.shifts, UnaryWithNumber> &
  Methods<typeof Instructions.binary, Binary> &
  Methods<typeof Instructions.binaryWithNumber, BinaryWithNumber> &
  Methods<typeof Instructions.comparisons, Comparison> &
  Methods<typeof Instructions.tests, Test> &
  Methods<typeof Instructions.moves, Move> &
  Methods<typeof Instructions.narrowings, Narrowing> &
  Methods<typeof Instructions.extractions, Extraction> &
  Methods<typeof Instructions.gathers, Gather> & {
    /** Every lane from a 32-bit element or from a general register's lower half. */
    readonly vpbroadcastd: (to: Vector, from: Source | General, mask?: Mask) => void
    /** The first lane. */
    readonly vmovd: {
      (to: Vector, from: General | Memory): void
      (to: General | Memory, from: Vector): void
    }
  }

export const make = (evex: Evex): VectorInstructions => ({
  ...methods(
    Instructions.unary,
    (row): Unary =>
      (to, from, mask) =>
        evex(row, to.bits, to.index, 0, from, mask)
  ),
  ...methods(
    Instructions.unaryWithNumber,
    (row): UnaryWithNumber =>
      (to, from, number, mask) =>
        evex(row, to.bits, to.index, 0, from, mask, number)
  ),
  ...methods(
    Instructions.shifts,
    (row): UnaryWithNumber =>
      (to, from, number, mask) =>
        evex(row, to.bits, row.digit, to.index, from, mask, number)
  ),
  ...methods(
    Instructions.binary,
    (row): Binary =>
      (to, left, right, mask) =>
        evex(row, to.bits, to.index, left.index, right, mask)
  ),
  ...methods(
    Instructions.binaryWithNumber,
    (row): BinaryWithNumber =>
      (to, left, right, number, mask) =>
        evex(row, to.bits, to.index, left.index, right, mask, number)
  ),
  ...methods(
    Instructions.comparisons,
    (row): Comparison =>
      (to, left, right, number, mask) =>
        evex(row, left.bits, to.index, left.index, right, mask, number)
  ),
  ...methods(
    Instructions.tests,
    (row): Test =>
      (to, left, right, mask) =>
        evex(row, left.bits, to.index, left.index, right, mask)
  ),
  ...methods(Instructions.moves, ([load, store]): Move => (to, from, mask) => {
    if (to.kind === "vector") evex(load, to.bits, to.index, 0, from, mask)
    else if (from.kind === "vector") evex(store, from.bits, from.index, 0, to, mask)
  }),
  ...methods(
    Instructions.narrowings,
    (row): Narrowing =>
      (to, from, mask) =>
        evex(row, from.bits, from.index, 0, to, mask)
  ),
  ...methods(
    Instructions.extractions,
    (row): Extraction =>
      (to, from, number, mask) =>
        evex(row, from.bits, from.index, 0, to, mask, number)
  ),
  ...methods(
    Instructions.gathers,
    (row): Gather =>
      (to, from, mask) =>
        evex(row, to.bits, to.index, 0, from, mask)
  ),
  vpbroadcastd: (to, from, mask) => {
    const row = (from.kind === "general" ? Instructions.crossings : Instructions.unary).vpbroadcastd
    evex(row, to.bits, to.index, 0, from, mask)
  },
  vmovd: (to: Vector | General | Memory, from: Vector | General | Memory) => {
    if (to.kind === "vector") evex(Instructions.crossings.toVector, 128, to.index, 0, from)
    else evex(Instructions.crossings.toGeneral, 128, (from as Vector).index, 0, to)
  }
})
