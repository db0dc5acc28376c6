/** A tile of a matrix product's result: the loop in which all of the time goes by. */
import type { Assembler } from "./Assembler.ts"
import { floatBytes, leftStrides, type Product, type Turn } from "./MatrixProduct.ts"
import {
  at,
  broadcast,
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
  rdx,
  type Vector,
  zeroing,
  zmm
} from "./Operands.ts"
import { loadRow, maskOf, panelStride, type Rows, vectorBytes, type Width } from "./Panel.ts"
import { slot } from "./Phase.ts"
import { repeat } from "./Repeat.ts"
import { eachOf } from "./Walk.ts"

export interface Tile {
  readonly rows: number
  readonly width: Width
  readonly turn: Turn
  readonly panel: Rows
}

const accumulators = 28
/** The most rows of a tile of so many vectors. */
export const mostRows = (vectors: number): number => Math.floor(accumulators / vectors)
/** What all sums take in memory. */
export const sumsBytes: number = accumulators * vectorBytes

/** Where a product is: a tile at this step of the inner axis, in this column, in the sum of two rows. */
export const position = { step: rbp, column: r11, firstRow: r14, row: r10 } as const
/** A tile's own registers: bytes from the result's begin to the tile's; where the result begins. */
export const [offset, target] = [r9, r13] as const
const [left, right, copy, counter] = [rax, rdx, rdi, rcx]
const [pointers, elements] = [
  [r8, r12, r13],
  [zmm(30), zmm(31)]
]
/** A row of the panel; free when all is summed. */
export const rowVectors: ReadonlyArray<Vector> = [zmm(28), zmm(29)]

export const sumOf = ({ width }: Tile, row: number, vector: number): Vector => zmm(row * width.vectors + vector)

export const eachSum = ({ rows, width }: Tile, run: (row: number, vector: number) => void): void =>
  eachOf(rows, (row) => eachOf(width.vectors, (vector) => run(row, vector)))

/** Where a vector of the tile is in a tensor of the result's shape that begins at `base`. */
export const placeOf = ({ columns }: Product, base: General, row: number, vector: number): Memory =>
  at(base, floatBytes * row * columns + vector * vectorBytes, offset)

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
    const [sum, place] = [sumOf(tile, row, vector), placeOf(product, target, row, vector)]
    const mask = maskOf(tile.width, vector)
    if (!tile.turn.isFirst) return code.vmovups(sum, place, mask && zeroing(mask))
    code.vpxord(sum, sum, sum)
    // Written when all is summed: by then it is there.
    if (product.finish === undefined) code.prefetchw(place)
  })

/** One step of the inner axis, `index` after where the pointers are: a row of the panel times an element a row. */
const step = (code: Assembler, product: Product, tile: Tile, index: number): void => {
  const strides = leftStrides(product)
  const { copyTo } = tile.panel
  loadRow(code, tile.width, { ...tile.panel, source: right, copyTo: copyTo && copy }, index, rowVectors)
  eachOf(tile.rows, (row) => {
    const source = at(left, row * strides.row + index * strides.step)
    // One multiply-add to a load is as many as the processor does.
    if (tile.width.vectors === 1) return code.vfmadd231ps(sumOf(tile, row, 0), rowVectors[0]!, broadcast(source))
    const element = elements[row % 2]!
    code.vbroadcastss(element, source)
    eachOf(tile.width.vectors, (vector) => code.vfmadd231ps(sumOf(tile, row, vector), rowVectors[vector]!, element))
  })
}

/**
 * The tile at {@link position}, in the registers of {@link sumOf}.
 *
 * What a finish uses is fetched a row of the tile a round of the loop: so it comes while there is enough else to do.
 */
export const computeSums = (code: Assembler, product: Product, tile: Tile): void => {
  const { panel, rows, turn, width } = tile
  const uses = turn.isLast ? (product.finish?.uses ?? []).slice(0, pointers.length) : []
  const unrolled = uses.length === 0 ? 4 : Math.max(4, Math.min(12, Math.floor(turn.steps / rows)))
  begin(code, product, tile)
  firstSums(code, product, tile)
  uses.forEach((used, index) => {
    code.mov(pointers[index]!, slot(used))
    code.add(pointers[index]!, offset)
  })
  repeat(code, counter, Math.floor(turn.steps / unrolled), () => {
    for (const pointer of pointers.slice(0, uses.length)) {
      eachOf(width.vectors, (vector) => code.prefetchw(at(pointer, vector * vectorBytes)))
      code.add(pointer, floatBytes * product.columns)
    }
    eachOf(unrolled, (index) => step(code, product, tile, index))
    code.add(left, unrolled * leftStrides(product).step)
    code.add(right, unrolled * panel.stride)
    if (panel.copyTo !== undefined) code.add(copy, unrolled * panelStride)
  })
  eachOf(turn.steps % unrolled, (index) => step(code, product, tile, index))
}
