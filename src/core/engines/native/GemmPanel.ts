/**
 * Panels of the right matrix, as wide as tiles, which read them: one row per step of the inner axis, contiguous.
 */
import { unroll } from "./Blocks.ts"
import { repeat } from "./CountedLoop.ts"
import type { Assembler, Register, Registers, Tail } from "./InstructionSet.ts"
import { at, type General, rax, rcx, rdi, rdx } from "./x86/Operands.ts"

/** The mask register of a panel's last vector. */
const edgeMask = 7

/** A panel's width: in vectors, and in lanes of the last one. */
export interface Width {
  readonly vectors: number
  readonly lanesOfLast: number
  readonly lanes: number
}

type Shape = Pick<Registers, "bytes" | "lanes" | "product">

export const panelColumns = ({ lanes, product }: Shape): number => product.vectors * lanes

/** Bytes from a row of a copied panel to the next. */
export const panelStride = ({ bytes, product }: Shape): number => product.vectors * bytes

export const widthOf = (columns: number, { lanes }: Shape): Width => ({
  vectors: Math.ceil(columns / lanes),
  lanesOfLast: ((columns - 1) % lanes) + 1,
  lanes
})

/** The tail of one of the vectors, if it is partial. */
export const tailOf = ({ lanes, lanesOfLast, vectors }: Width, vector: number): Tail | undefined =>
  vector === vectors - 1 && lanesOfLast < lanes ? { mask: edgeMask, count: lanesOfLast } : undefined

export const setEdge = ({ simd }: Assembler, width: Width): void => {
  const tail = tailOf(width, width.vectors - 1)
  if (tail !== undefined) simd.setTail(tail, rax)
}

/**
 * Loads four elements of each of a vector's worth of rows: rows `4 quarter + r` into the quarters of register `r`. Loads
 * into a quarter need no shuffle, of which the processor does one per cycle.
 */
const loadQuarters = ({ simd }: Assembler, source: General, rowBytes: number, rows: number): void =>
  unroll(4, (row) => {
    if (row >= rows) return simd.zero(row)
    for (let quarter = 0; 4 * quarter + row < rows; quarter++) {
      simd.loadQuarter(row, at(source, (4 * quarter + row) * rowBytes), quarter)
    }
  })

/** Transposes the 4 x 4 matrices in the quarters of registers 0 to 3, in place. */
const transposeQuarters = ({ simd }: Assembler): ReadonlyArray<Register> => {
  simd.unpackLow(4, 0, 1)
  simd.unpackHigh(5, 0, 1)
  simd.unpackLow(6, 2, 3)
  simd.unpackHigh(7, 2, 3)
  simd.unpackLowPairs(0, 4, 6)
  simd.unpackHighPairs(1, 4, 6)
  simd.unpackLowPairs(2, 5, 7)
  simd.unpackHighPairs(3, 5, 7)
  return [0, 1, 2, 3]
}

/**
 * Copies a panel of a transposed matrix, `[columns, inner]`, whose rows are the panel's columns: `steps` elements of each
 * from `source` on. Four at a time; the remainder is gathered.
 */
export const copyTransposed = (
  code: Assembler,
  width: Width,
  {
    inner,
    source,
    steps,
    to
  }: { readonly inner: number; readonly source: General; readonly steps: number; readonly to: General }
): void => {
  const { simd } = code
  const { bytes, lanes } = simd
  const stride = panelStride(simd)
  const rowBytes = 4 * inner
  const indices = 8
  if (steps % 4 > 0) simd.load(indices, code.constant(Int32Array.from({ length: lanes }, (_, lane) => lane * inner)))
  unroll(width.vectors, (vector) => {
    const tail = tailOf(width, vector)
    code.lea(rdx, at(source, vector * lanes * rowBytes))
    code.lea(rdi, at(to, vector * bytes))
    repeat(code, rcx, Math.floor(steps / 4), () => {
      loadQuarters(code, rdx, rowBytes, tail?.count ?? lanes)
      transposeQuarters(code).forEach((result, index) => simd.storeAligned(at(rdi, index * stride), result))
      code.add(rdx, 16)
      code.add(rdi, 4 * stride)
    })
    unroll(steps % 4, (index) => {
      const gathered = 0
      simd.gather(gathered, rdx, 4 * index, indices, tail)
      simd.storeAligned(at(rdi, index * stride), gathered)
    })
  })
}

/** How a tile reads the rows of a panel. */
export interface Rows {
  readonly source: General
  readonly stride: number
  /** A copy is padded to whole vectors; in the matrix, nothing beyond the last column may be read. */
  readonly isCopy: boolean
  /** Where the rows are copied to in passing. */
  readonly copyTo: General | undefined
}

/** Loads row `index` of a panel, and copies it if wanted. */
export const loadRow = (
  code: Assembler,
  width: Width,
  rows: Rows,
  index: number,
  registers: ReadonlyArray<Register>
): void =>
  unroll(width.vectors, (vector) => {
    const { simd } = code
    const offset = index * rows.stride + vector * simd.bytes
    simd.load(registers[vector]!, at(rows.source, offset), rows.isCopy ? undefined : tailOf(width, vector))
    if (rows.copyTo === undefined) return
    simd.storeAligned(at(rows.copyTo, index * panelStride(simd) + vector * simd.bytes), registers[vector]!)
    // Hardware prefetchers follow long strides badly.
    code.prefetcht0(at(rows.source, offset + 8 * rows.stride))
  })
