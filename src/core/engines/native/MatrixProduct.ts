/** What a matrix product is, and what can be done with its results while they are in registers. */
import type { Assembler } from "./Assembler.ts"
import type { General, Mask, Memory, Vector } from "./Operands.ts"

/** Slots of row-major float32 matrices: `left` is `[rows, inner]`, or `[inner, rows]` where transposed, and so on. */
export interface Product {
  readonly rows: number
  readonly inner: number
  readonly columns: number
  readonly transposeLeft: boolean
  readonly transposeRight: boolean
  readonly left: number
  readonly right: number
  /** With a finish, it is written only where the inner axis takes more than one turn. */
  readonly to: number
  /** A row, added to all rows before the finish. */
  readonly bias?: number
  readonly finish?: Finish
}

/**
 * What is done with results instead of storing them. It may change `rax`, `rdx`, `r8`, `r12`, `r13`, `rbx`, masks 2 to 7
 * and all vectors.
 */
export interface Finish {
  readonly emit: (code: Assembler, results: Results) => void
  /** Slots of tensors of the result's shape that it uses: the first three are fetched while the tile is computed. */
  readonly uses: ReadonlyArray<number>
}

/** Sixteen neighbouring elements of the result. */
export interface Results {
  /** Their values. */
  readonly values: Vector
  /** Where they stand in a tensor of the result's shape that begins at `base`. */
  readonly elementOf: (base: General) => Memory
  /** Where their columns stand in a row that begins at `base`. */
  readonly columnOf: (base: General) => Memory
  /** Where some are beyond the last column: those that are not. */
  readonly mask: Mask | undefined
}

/** Which part of the inner axis is gone through at a time. */
export interface Turn {
  readonly steps: number
  /** Sums begin at 0, not at what the last turn has left. */
  readonly isFirst: boolean
  readonly isLast: boolean
}

export const floatBytes = 4

/** How far it is to the next row, the next step of the inner axis, in the left matrix. */
export const leftStrides = ({ inner, rows, transposeLeft }: Product): { readonly row: number; readonly step: number } =>
  transposeLeft ? { row: floatBytes, step: rows * floatBytes } : { row: inner * floatBytes, step: floatBytes }

/** The same for the right matrix's columns. */
export const rightStrides = ({
  columns,
  inner,
  transposeRight
}: Product): { readonly column: number; readonly step: number } =>
  transposeRight ? { column: inner * floatBytes, step: floatBytes } : { column: floatBytes, step: columns * floatBytes }
