/** A tile of a matrix product's result: the loop in which nearly all time is spent. */
import { unroll } from "./Blocks.ts"
import { repeat } from "./CountedLoop.ts"
import { loadRow, panelStride, type Rows, tailOf, type Width } from "./GemmPanel.ts"
import type { Assembler, Register, Registers } from "./InstructionSet.ts"
import { floatBytes, type KBlock, leftStrides, type Product } from "./MatrixProduct.ts"
import { slot } from "./Phase.ts"
import {
  at,
  type General,
  type Memory,
  r10,
  r11,
  r12,
  r13,
  r14,
  r8,
  r9,
  rax,
  rbp,
  rcx,
  rdi,
  rdx
} from "./x86/Operands.ts"

export interface Tile {
  readonly rows: number
  readonly width: Width
  readonly block: KBlock
  readonly panel: Rows
}

/** The most rows of a tile of so many vectors. */
export const mostRows = ({ product: { sums } }: Pick<Registers, "product">, vectors: number): number =>
  Math.floor(sums / vectors)

/** Bytes that all sums of a tile take in memory. */
export const sumsBytes = ({ bytes, product: { sums } }: Pick<Registers, "bytes" | "product">): number => sums * bytes

/** The current tile: its step of the inner axis, its column, and its row as a sum of two. */
export const position = { step: rbp, column: r11, firstRow: r14, row: r10 } as const
/** Registers of the tile: its offset in the result in bytes, and the address of the result. */
export const [offset, target] = [r9, r13] as const
const [left, right, copy, counter] = [rax, rdx, rdi, rcx]
const pointers = [r8, r12, r13]

export const sumOf = ({ width }: Tile, row: number, vector: number): Register => row * width.vectors + vector

export const eachSum = ({ rows, width }: Tile, run: (row: number, vector: number) => void): void =>
  unroll(rows, (row) => unroll(width.vectors, (vector) => run(row, vector)))

/** The place of a vector of the tile in a tensor of the result's shape that begins at `base`. */
export const placeOf = (
  { simd }: Assembler,
  { columns }: Product,
  base: General,
  row: number,
  vector: number
): Memory => at(base, floatBytes * row * columns + vector * simd.bytes, offset)

const begin = (code: Assembler, product: Product, { panel }: Tile): void => {
  const { row, step } = leftStrides(product)
  code.lea(counter, at(position.firstRow, 0, position.row))
  code.imul(offset, counter, floatBytes * product.columns)
  code.lea(offset, at(offset, 0, position.column, floatBytes))
  code.imul(counter, counter, row)
  code.imul(left, position.step, step)
  code.add(left, counter)
  code.add(left, slot(product.left))
  code.mov(right, panel.source)
  if (panel.copyTo !== undefined) code.mov(copy, panel.copyTo)
  code.mov(target, slot(product.to))
}

const firstSums = (code: Assembler, product: Product, tile: Tile): void =>
  eachSum(tile, (row, vector) => {
    const [sum, place] = [sumOf(tile, row, vector), placeOf(code, product, target, row, vector)]
    if (!tile.block.isFirst) return code.simd.load(sum, place, tailOf(tile.width, vector))
    code.simd.zero(sum)
    // By the time that it is stored to, it is in the cache.
    if (product.epilogue === undefined) code.prefetchw(place)
  })

/** One step of the inner axis, `index` steps after the pointers: a row of the panel times one element per row. */
const step = (code: Assembler, product: Product, tile: Tile, index: number): void => {
  const { simd } = code
  const { factors, row: panelRow } = simd.product
  const strides = leftStrides(product)
  const { copyTo } = tile.panel
  loadRow(code, tile.width, { ...tile.panel, source: right, copyTo: copyTo && copy }, index, panelRow)
  unroll(tile.rows, (row) => {
    const source = at(left, row * strides.row + index * strides.step)
    if (tile.width.vectors === 1) return simd.multiplyAddElement(sumOf(tile, row, 0), panelRow[0]!, source)
    const factor = factors[row % factors.length]!
    simd.loadFactor(factor, source)
    unroll(tile.width.vectors, (vector) => simd.multiplyAddFactor(sumOf(tile, row, vector), panelRow[vector]!, factor))
  })
}

/**
 * Computes the tile at {@link position} in the registers of {@link sumOf}.
 *
 * What an epilogue uses is prefetched, one row of the tile per iteration, so that its latency is hidden.
 */
export const computeSums = (code: Assembler, product: Product, tile: Tile): void => {
  const { block, panel, rows, width } = tile
  const uses = block.isLast ? (product.epilogue?.uses ?? []).slice(0, pointers.length) : []
  const unrolled = uses.length === 0 ? 4 : Math.max(4, Math.min(12, Math.floor(block.steps / rows)))
  begin(code, product, tile)
  firstSums(code, product, tile)
  uses.forEach((used, index) => {
    code.mov(pointers[index]!, slot(used))
    code.add(pointers[index]!, offset)
  })
  repeat(code, counter, Math.floor(block.steps / unrolled), () => {
    for (const pointer of pointers.slice(0, uses.length)) {
      unroll(width.vectors, (vector) => code.prefetchw(at(pointer, vector * code.simd.bytes)))
      code.add(pointer, floatBytes * product.columns)
    }
    unroll(unrolled, (index) => step(code, product, tile, index))
    code.add(left, unrolled * leftStrides(product).step)
    code.add(right, unrolled * panel.stride)
    if (panel.copyTo !== undefined) code.add(copy, unrolled * panelStride(code.simd))
  })
  unroll(block.steps % unrolled, (index) => step(code, product, tile, index))
}
