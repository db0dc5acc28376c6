/** A matrix product, and what is done with its results before they are stored. */
import type { Assembler, Register, Tail } from "./InstructionSet.ts"
import type { General, Memory } from "./x86/Operands.ts"

/** Slots of row-major float32 matrices: `left` is `[rows, inner]`, or `[inner, rows]` if transposed; likewise `right`. */
export interface Product {
  readonly rows: number
  readonly inner: number
  readonly columns: number
  readonly transposeLeft: boolean
  readonly transposeRight: boolean
  readonly left: number
  readonly right: number
  /** With an epilogue, it is written only if the inner axis takes more than one block. */
  readonly to: number
  /** A row that is added to all rows, before the epilogue. */
  readonly bias?: number
  readonly epilogue?: Epilogue
  /** Several products with the same sizes, without bias or epilogue. */
  readonly batch?: Batch
}

/** Bytes from each matrix to the next; 0 for one that all products share. */
export interface Batch {
  readonly count: number
  readonly left: number
  readonly right: number
}

/**
 * What is done with results instead of storing them. It may change `rax`, `rdx`, `r8`, `r12`, `r13`, `rbx`, masks 1 to 6
 * and all vectors.
 */
export interface Epilogue {
  readonly emit: (code: Assembler, results: Results) => void
  /** Slots of tensors of the result's shape that it uses: the first three are prefetched while the tile is computed. */
  readonly uses: ReadonlyArray<number>
}

/** A vector of neighbouring elements of the result. */
export interface Results {
  readonly values: Register
  /** Their place in a tensor of the result's shape that begins at `base`. */
  readonly elementOf: (base: General) => Memory
  /** Their place in a row that begins at `base`. */
  readonly columnOf: (base: General) => Memory
  /** Those within the last column, if some are beyond it. */
  readonly tail: Tail | undefined
}

/** A block of the inner axis. */
export interface KBlock {
  readonly steps: number
  /** Sums begin at 0 rather than at those of the block before. */
  readonly isFirst: boolean
  readonly isLast: boolean
}

export const floatBytes = 4

/** Bytes to the next row and to the next step of the inner axis, in the left matrix. */
export const leftStrides = ({ inner, rows, transposeLeft }: Product): { readonly row: number; readonly step: number } =>
  transposeLeft ? { row: floatBytes, step: rows * floatBytes } : { row: inner * floatBytes, step: floatBytes }

/** Bytes to the next column and to the next step of the inner axis, in the right matrix. */
export const rightStrides = ({
  columns,
  inner,
  transposeRight
}: Product): { readonly column: number; readonly step: number } =>
  transposeRight ? { column: inner * floatBytes, step: floatBytes } : { column: floatBytes, step: columns * floatBytes }
