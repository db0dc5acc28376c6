/**
 * Matrix products as phases: `to[rows, columns] = left[rows, inner] · right[inner, columns] (+ bias[columns])`, float32.
 *
 * A tile of the result stays in registers while the inner axis goes by: 14 rows by 32 columns with AVX-512, 6 rows by 16
 * columns with AVX2, 8 rows by 12 columns with NEON. The other registers hold a row of the right matrix and elements of
 * the left one. So each element of `left` serves two or three multiply-adds, and each vector of `right` one per row: 16
 * loads for 28 multiply-adds, 8 for 12, or 11 for 24, where x86-64 processors do 2 and 2 per cycle. Each panel of `right`
 * is as wide as a tile, and read once per block of rows, so
 * it is copied to contiguous memory: without that, its rows would compete for few sets of the first cache and touch many
 * pages. The first block of rows copies it in passing. `left` is not copied: its elements are read one by one at constant
 * strides, and the rows of one block fit the second cache.
 *
 * Every element is one sum in the order of the inner axis: the same bits for any number of threads.
 *
 * Source: Goto, van de Geijn 2008, Anatomy of High-Performance Matrix Multiplication,
 * https://doi.org/10.1145/1356052.1356053
 */
import { forEachBlock, inBlocks, inEqualBlocks, splitEnds, splitFirst } from "./Blocks.ts"
import { emitResults } from "./GemmEpilogue.ts"
import { copyTransposed, panelColumns, panelStride, type Rows, setEdge, type Width, widthOf } from "./GemmPanel.ts"
import { computeSums, mostRows, position, sumsBytes, type Tile } from "./GemmTile.ts"
import type { Assembler, Registers } from "./InstructionSet.ts"
import { type Batch, floatBytes, type KBlock, type Product, rightStrides } from "./MatrixProduct.ts"
import { type Phase, rangeOf, scratchBytes, type Share, slot } from "./Phase.ts"
import { at, r15, rax, rbx, rsi } from "./x86/Operands.ts"

export type { Epilogue, Product, Results } from "./MatrixProduct.ts"

/** Steps of the inner axis in one block: a panel of AVX-512 then takes 256 KiB of the second cache. */
export const longestInner: number = 2048
/** What a block reads of the left matrix stays in the second cache. */
const leftBytes = 1 << 20

/** The rows and columns of the result that a thread computes. */
interface Part {
  readonly rows: readonly [from: number, to: number]
  readonly columns: readonly [from: number, to: number]
}

/** The columns of a thread, if columns are shared. */
const columnsOf = (share: Pick<Share, "thread" | "threads">, columns: number, width: number): Part["columns"] => {
  const [from, to] = rangeOf(share, Math.ceil(columns / width))
  return [from * width, Math.min(columns, to * width)]
}

/** Threads share columns in whole panels, so that each panel is copied once; or rows, if that is less work for each. */
const partOf = ({ columns, rows }: Product, share: Share, registers: Registers): Part => {
  const { threads } = share
  const { lanes } = registers
  const width = panelColumns(registers)
  const mostColumns = Math.max(
    ...Array.from({ length: threads }, (_, thread) => columnsOf({ thread, threads }, columns, width)).map(
      ([from, to]) => to - from
    )
  )
  // Copying a panel costs about as much as two more rows.
  const byColumns = Math.ceil(mostColumns / lanes) * (rows + 2)
  const byRows = Math.ceil(columns / lanes) * (Math.ceil(rows / threads) + 2)
  return byColumns <= byRows
    ? { rows: [0, rows], columns: columnsOf(share, columns, width) }
    : { rows: rangeOf(share, rows), columns: [0, columns] }
}

/** A panel, at column {@link position}, times a block of rows. `rsi` is the address of its copy. */
const emitPanel = (code: Assembler, product: Product, width: Width, rows: number, block: KBlock): void => {
  const { columns, inner, transposeRight } = product
  const blocks = inEqualBlocks(rows, mostRows(code.simd, width.vectors))
  const isCopiedOnTheWay = !transposeRight && rows > blocks[0]!.length
  const copied: Rows = { source: rsi, stride: panelStride(code.simd), isCopy: true, copyTo: undefined }
  const inPlace: Rows = {
    source: rbx,
    stride: floatBytes * columns,
    isCopy: false,
    copyTo: isCopiedOnTheWay ? rsi : undefined
  }
  const strides = rightStrides(product)
  code.imul(rbx, position.column, strides.column)
  code.imul(rax, position.step, strides.step)
  code.add(rbx, rax)
  code.add(rbx, slot(product.right))
  if (transposeRight) copyTransposed(code, width, { inner, source: rbx, steps: block.steps, to: rsi })
  forEachBlock(code, position.row, 0, transposeRight ? blocks : splitFirst(blocks), (length, index) => {
    const panel = index === 0 && !transposeRight ? inPlace : copied
    const tile: Tile = { rows: length, width, block, panel }
    computeSums(code, product, tile)
    emitResults(code, product, tile)
  })
}

const emit = (code: Assembler, product: Product, share: Share): void => {
  const { inner } = product
  const { simd } = code
  const { columns, rows } = partOf(product, share, simd)
  const width = columns[1] - columns[0]
  if (width === 0 || rows[0] === rows[1]) return
  code.mov(rsi, share.scratch + BigInt(sumsBytes(simd)))
  setEdge(code, widthOf(width, simd))
  const blocks = splitEnds(inBlocks(inner, longestInner))
  forEachBlock(code, position.step, 0, blocks, (steps, index) => {
    const block: KBlock = { steps, isFirst: index === 0, isLast: index === blocks.length - 1 }
    const rowsInCache = Math.max(8 * mostRows(simd, 2), Math.floor(leftBytes / floatBytes / steps))
    forEachBlock(code, position.firstRow, rows[0], inBlocks(rows[1] - rows[0], rowsInCache), (rows) =>
      forEachBlock(code, position.column, columns[0], inBlocks(width, panelColumns(simd)), (columns) =>
        emitPanel(code, product, widthOf(columns, simd), rows, block)
      )
    )
  })
}

/** The current product's slots in a table of the thread's own, which also has the other table and the product's number. */
const current = { left: 0, right: 1, to: 2 } as const
const [otherTable, productNumber, ownTableBytes] = [3, 4, 64]

/**
 * A loop over the products of a batch, with one copy of their code. Threads share whole products, or each product if there
 * are fewer of them than threads.
 */
const emitBatch = (code: Assembler, product: Product, batch: Batch, share: Share): void => {
  const { columns, rows } = product
  const isWhole = batch.count >= share.threads
  const [first, end] = isWhole ? rangeOf(share, batch.count) : [0, batch.count]
  if (first === end) return
  const strides = { left: batch.left, right: batch.right, to: rows * columns * floatBytes } as const
  const matrices = ["left", "right", "to"] as const
  code.mov(rbx, share.scratch + BigInt(scratchBytes - ownTableBytes))
  for (const name of matrices) {
    code.mov(rax, slot(product[name]))
    code.mov(rsi, BigInt(first * strides[name]))
    code.add(rax, rsi)
    code.mov(at(rbx, 8 * current[name]), rax)
  }
  code.mov(at(rbx, 8 * otherTable), r15)
  code.mov(rax, first)
  code.mov(at(rbx, 8 * productNumber), rax)
  code.mov(r15, rbx)
  const again = code.label()
  code.bind(again)
  emit(code, { ...product, ...current }, isWhole ? { ...share, thread: 0, threads: 1 } : share)
  for (const name of matrices) {
    if (strides[name] === 0) continue
    code.mov(rax, slot(current[name]))
    code.add(rax, strides[name])
    code.mov(slot(current[name]), rax)
  }
  code.mov(rax, slot(productNumber))
  code.inc(rax)
  code.mov(slot(productNumber), rax)
  code.cmp(rax, end)
  code.jb(again)
  code.mov(r15, slot(otherTable))
}

/** The product's phase. */
export const phase = (product: Product): Phase => {
  const { batch, columns, inner, rows } = product
  const size = `${rows}x${inner}x${columns}`
  return batch === undefined
    ? { name: `product ${size}`, emit: (code, share) => emit(code, product, share) }
    : { name: `${batch.count} products ${size}`, emit: (code, share) => emitBatch(code, product, batch, share) }
}
