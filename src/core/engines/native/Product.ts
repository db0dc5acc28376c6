/**
 * Matrix products as phases: `to[rows, columns] = left[rows, inner] · right[inner, columns] (+ bias[columns])`, float32.
 *
 * A tile of the result, up to 14 rows by 32 columns, stays in 28 of the 32 vector registers while the inner axis goes by;
 * 2 more hold a row of the right matrix, 2 take turns with an element of the left one. So an element of `left` serves 2
 * multiply-adds and a vector of `right` serves 14: 16 loads to 28 multiply-adds, where the processor does 2 and 2 a
 * cycle. A panel of 32 columns of `right` goes by again for each block of rows; so it is copied to consecutive memory,
 * without which its rows would fall on few sets of the first cache and on many pages: the first block of rows does it on
 * its way. `left` is not copied: its elements are read one by one at constant distances, a cache line serves 14 or 16 of
 * them, and the rows of one turn fit the second cache.
 *
 * Every element is one sum in the order of the inner axis: the same bits for any number of threads.
 *
 * Source: Goto, van de Geijn 2008, Anatomy of High-Performance Matrix Multiplication,
 * https://doi.org/10.1145/1356052.1356053
 */
import type { Assembler } from "./Assembler.ts"
import { floatBytes, type Product, rightStrides, type Turn } from "./MatrixProduct.ts"
import { rax, rbx, rsi } from "./Operands.ts"
import { copyTransposed, lanes, panelColumns, panelStride, type Rows, setEdge, type Width, widthOf } from "./Panel.ts"
import { type Phase, rangeOf, type Share, slot } from "./Phase.ts"
import { computeSums, mostRows, position, sumsBytes, type Tile } from "./Tile.ts"
import { emitResults } from "./TileResults.ts"
import { endsApart, firstApart, inEqualPieces, inPieces, walk } from "./Walk.ts"

export type { Finish, Product, Results } from "./MatrixProduct.ts"

/** Steps of the inner axis in one turn: a panel of so many takes 256 KiB of the second cache. */
export const longestInner: number = 2048
/** What a turn reads of the left matrix stays in the second cache, half of which is 1 MiB. */
const turnBytes = 1 << 20

/** Which rows and columns of the result are a thread's. */
interface Part {
  readonly rows: readonly [from: number, to: number]
  readonly columns: readonly [from: number, to: number]
}

/** How many vectors of the result's columns a thread has if they are what is shared. */
const columnsOf = (share: Pick<Share, "thread" | "threads">, columns: number): Part["columns"] => {
  const [from, to] = rangeOf(share, Math.ceil(columns / panelColumns))
  return [from * panelColumns, Math.min(columns, to * panelColumns)]
}

/** Columns are shared, whole panels each, so that each panel is copied once; or rows, where that is less work for each. */
const partOf = ({ columns, rows }: Product, share: Share): Part => {
  const { threads } = share
  const mostColumns = Math.max(
    ...Array.from({ length: threads }, (_, thread) => columnsOf({ thread, threads }, columns)).map(
      ([from, to]) => to - from
    )
  )
  // Copying a panel costs about as much as two more rows.
  const byColumns = Math.ceil(mostColumns / lanes) * (rows + 2)
  const byRows = Math.ceil(columns / lanes) * (Math.ceil(rows / threads) + 2)
  return byColumns <= byRows
    ? { rows: [0, rows], columns: columnsOf(share, columns) }
    : { rows: rangeOf(share, rows), columns: [0, columns] }
}

/** A panel, at column {@link position}, times some rows from the first one on. `rsi`: where a copy of it is. */
const emitPanel = (code: Assembler, product: Product, width: Width, rows: number, turn: Turn): void => {
  const { columns, inner, transposeRight } = product
  const blocks = inEqualPieces(rows, mostRows(width.vectors))
  const isCopiedOnTheWay = !transposeRight && rows > blocks[0]!.length
  const copied: Rows = { source: rsi, stride: panelStride, isCopy: true, copyTo: undefined }
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
  if (transposeRight) copyTransposed(code, width, { inner, source: rbx, steps: turn.steps, to: rsi })
  walk(code, position.row, 0, transposeRight ? blocks : firstApart(blocks), (length, index) => {
    const panel = index === 0 && !transposeRight ? inPlace : copied
    const tile: Tile = { rows: length, width, turn, panel }
    computeSums(code, product, tile)
    emitResults(code, product, tile)
  })
}

const emit = (code: Assembler, product: Product, share: Share): void => {
  const { inner } = product
  const { columns, rows } = partOf(product, share)
  const width = columns[1] - columns[0]
  if (width === 0 || rows[0] === rows[1]) return
  code.mov(rsi, share.scratch + BigInt(sumsBytes))
  setEdge(code, widthOf(width))
  const turns = endsApart(inPieces(inner, longestInner))
  walk(code, position.step, 0, turns, (steps, index) => {
    const turn: Turn = { steps, isFirst: index === 0, isLast: index === turns.length - 1 }
    const rowsInCache = Math.max(8 * mostRows(2), Math.floor(turnBytes / floatBytes / steps))
    walk(code, position.firstRow, rows[0], inPieces(rows[1] - rows[0], rowsInCache), (rows) =>
      walk(code, position.column, columns[0], inPieces(width, panelColumns), (columns) =>
        emitPanel(code, product, widthOf(columns), rows, turn)
      )
    )
  })
}

/** The product's phase. */
export const phase = (product: Product): Phase => ({
  name: `product ${product.rows}x${product.inner}x${product.columns}`,
  emit: (code, share) => emit(code, product, share)
})
