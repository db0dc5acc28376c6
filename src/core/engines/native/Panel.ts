/**
 * Panels of the right matrix, up to 32 columns wide, as tiles read them: a row a step of the inner axis, 128 bytes apart.
 */
import type { Assembler } from "./Assembler.ts"
import {
  at,
  type General,
  k,
  lower,
  type Mask,
  rax,
  rcx,
  rdi,
  rdx,
  type Vector,
  xmm,
  zeroing,
  zmm
} from "./Operands.ts"
import { repeat } from "./Repeat.ts"
import { eachOf } from "./Walk.ts"

export const lanes = 16
export const vectorBytes = 64
export const panelColumns = 32
export const panelStride = 128

/** Where the last vector of a panel has lanes beyond the matrix, this mask has the others. */
export const edge: Mask = k(1)

/** A panel's width: in vectors, and in lanes of the last one. */
export interface Width {
  readonly vectors: number
  readonly lanesOfLast: number
}

export const widthOf = (columns: number): Width => ({
  vectors: Math.ceil(columns / lanes),
  lanesOfLast: ((columns - 1) % lanes) + 1
})

/** The mask for one of the vectors, where it needs one. */
export const maskOf = ({ lanesOfLast, vectors }: Width, vector: number): Mask | undefined =>
  vector === vectors - 1 && lanesOfLast < lanes ? edge : undefined

export const setEdge = (code: Assembler, { lanesOfLast }: Width): void => {
  if (lanesOfLast === lanes) return
  code.mov(rax, (1 << lanesOfLast) - 1)
  code.kmovw(edge, lower(rax))
}

/**
 * Rows 4L + r of the matrix into the 128-bit parts L of register r, four elements each. What is inserted from memory
 * needs no shuffle, of which the processor does one a cycle.
 */
const loadQuarters = (code: Assembler, source: General, rowBytes: number, rows: number): void =>
  eachOf(4, (row) => {
    const target = zmm(row)
    if (row >= rows) return code.vpxord(target, target, target)
    code.vmovups(xmm(row), at(source, row * rowBytes))
    for (let part = 1; 4 * part + row < rows; part++) {
      code.vinsertf32x4(target, target, at(source, (4 * part + row) * rowBytes), part)
    }
  })

/** Transposes the 4x4 matrices in the parts of registers 0 to 3; the results are in 0, 1, 2 and 3 in order. */
const transposeQuarters = (code: Assembler): ReadonlyArray<Vector> => {
  code.vunpcklps(zmm(4), zmm(0), zmm(1))
  code.vunpckhps(zmm(5), zmm(0), zmm(1))
  code.vunpcklps(zmm(6), zmm(2), zmm(3))
  code.vunpckhps(zmm(7), zmm(2), zmm(3))
  code.vunpcklpd(zmm(0), zmm(4), zmm(6))
  code.vunpckhpd(zmm(1), zmm(4), zmm(6))
  code.vunpcklpd(zmm(2), zmm(5), zmm(7))
  code.vunpckhpd(zmm(3), zmm(5), zmm(7))
  return [zmm(0), zmm(1), zmm(2), zmm(3)]
}

/**
 * Copies a panel of a transposed matrix, `[columns, inner]`, rows of which are the panel's columns: from `source` on,
 * `steps` elements of each. Four at a time; what is left is gathered.
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
  const rowBytes = 4 * inner
  const indices = zmm(8)
  if (steps % 4 > 0) code.vmovups(indices, code.constant(Int32Array.from({ length: lanes }, (_, lane) => lane * inner)))
  eachOf(width.vectors, (vector) => {
    const mask = maskOf(width, vector)
    const rows = mask === undefined ? lanes : width.lanesOfLast
    code.lea(rdx, at(source, vector * lanes * rowBytes))
    code.lea(rdi, at(to, vector * vectorBytes))
    repeat(code, rcx, Math.floor(steps / 4), () => {
      loadQuarters(code, rdx, rowBytes, rows)
      transposeQuarters(code).forEach((result, index) => code.vmovaps(at(rdi, index * panelStride), result))
      code.add(rdx, 16)
      code.add(rdi, 4 * panelStride)
    })
    eachOf(steps % 4, (index) => {
      const gathered = zmm(0)
      if (mask === undefined) code.kxnorw(k(2), k(2), k(2))
      else code.kmovw(k(2), mask)
      code.vpxord(gathered, gathered, gathered)
      code.vgatherdps(gathered, at(rdx, 4 * index, indices, 4), k(2))
      code.vmovaps(at(rdi, index * panelStride), gathered)
    })
  })
}

/** How a tile gets at the rows of a panel. */
export interface Rows {
  readonly source: General
  readonly stride: number
  /** In the matrix, what is beyond its last column is not to be read; a copy has room there. */
  readonly isCopy: boolean
  /** Where the rows are copied to on the way. */
  readonly copyTo: General | undefined
}

/** Loads one row of a panel, `index` rows further on, and copies it where wanted. */
export const loadRow = (
  code: Assembler,
  width: Width,
  rows: Rows,
  index: number,
  registers: ReadonlyArray<Vector>
): void =>
  eachOf(width.vectors, (vector) => {
    const mask = rows.isCopy ? undefined : maskOf(width, vector)
    const offset = index * rows.stride + vector * vectorBytes
    code.vmovups(registers[vector]!, at(rows.source, offset), mask && zeroing(mask))
    if (rows.copyTo === undefined) return
    code.vmovaps(at(rows.copyTo, index * panelStride + vector * vectorBytes), registers[vector]!)
    // The processor foresees long strides badly.
    code.prefetcht0(at(rows.source, offset + 8 * rows.stride))
  })
