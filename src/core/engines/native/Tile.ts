/** A tile of a matrix product's result: the loop in which all of the time goes by. */
import type { Assembler } from "./Assembler.ts"
import {
  at,
  broadcast,
  type General,
  type Mask,
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
  rsi,
  type Vector,
  zeroing,
  zmm
} from "./Operands.ts"
import { loadRow, maskOf, panelStride, type Rows, vectorBytes, type Width } from "./Panel.ts"
import { slot } from "./Phase.ts"
import { eachOf, repeat } from "./Walk.ts"

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

/**
 * What is done with results instead of storing them. It may change `rax`, `rdx`, `r8`, `r12`, `r13`, `rbx`, masks 2 to 7
 * and all vectors.
 */
export interface Finish {
  readonly emit: (code: Assembler, results: Results) => void
  /** Slots of tensors of the result's shape that it uses: they are fetched while the tile is computed. */
  readonly uses: ReadonlyArray<number>
}

/** Slots of row-major float32 matrices: `left` is `[rows, inner]`, or `[inner, rows]` where transposed, and so on. */
export interface Product {
  readonly rows: number
  readonly inner: number
  readonly columns: number
  readonly transposeLeft: boolean
  readonly transposeRight: boolean
  readonly left: number
  readonly right: number
  /** Also with a finish, where the inner axis is longer than {@link longestInner}: sums are kept there. */
  readonly to: number
  readonly bias?: number
  readonly finish?: Finish
}

/** Which part of the inner axis a tile takes. */
export interface Turn {
  readonly steps: number
  /** Sums begin at 0, not at what the last turn has left. */
  readonly isFirst: boolean
  readonly isLast: boolean
}

const accumulators = 28
/** Room for a tile's results, before the panel's copy. */
export const spilledBytes: number = accumulators * vectorBytes

/** The most rows of a tile of so many vectors. */
export const mostRows = (vectors: number): number => Math.floor(accumulators / vectors)

const floatBytes = 4
/** From one row, one step of the inner axis, to the next in the left matrix. */
export const leftStrides = ({ inner, rows, transposeLeft }: Product): { readonly row: number; readonly step: number } =>
  transposeLeft ? { row: floatBytes, step: rows * floatBytes } : { row: inner * floatBytes, step: floatBytes }

/** The tile at row `r14 + r10` and column `r11`, from step `rbp` of the inner axis on. */
export const emitTile = (
  code: Assembler,
  product: Product,
  {
    rows,
    turn,
    width,
    panel
  }: { readonly rows: number; readonly width: Width; readonly turn: Turn; readonly panel: Rows }
): void => {
  const { vectors } = width
  const strides = leftStrides(product)
  const rowBytes = product.columns * floatBytes
  const sum = (row: number, vector: number): Vector => zmm(row * vectors + vector)
  const element = (row: number): Vector => zmm(accumulators + 2 + (row % 2))
  const [right, copy] = [[zmm(accumulators), zmm(accumulators + 1)], rdi]
  const eachSum = (run: (row: number, vector: number, mask: Mask | undefined) => void): void =>
    eachOf(rows, (row) => eachOf(vectors, (vector) => run(row, vector, maskOf(width, vector))))
  const target = (row: number, vector: number): Memory => at(r13, row * rowBytes + vector * vectorBytes, r9)

  /** `r9`: the tile's first element, in bytes. `rax`: where its first element of the left matrix is. */
  const begin = (): void => {
    code.lea(rcx, at(r14, 0, r10))
    code.imul(r9, rcx, rowBytes)
    code.lea(r9, at(r9, 0, r11, 4))
    code.imul(rcx, rcx, strides.row)
    code.imul(rax, rbp, strides.step)
    code.add(rax, rcx)
    code.add(rax, slot(product.left))
    code.mov(rdx, panel.source)
    if (panel.copyTo !== undefined) code.mov(copy, panel.copyTo)
    code.mov(r13, slot(product.to))
  }

  const moving: Rows = { ...panel, source: rdx, copyTo: panel.copyTo && copy }
  const step = (index: number): void => {
    loadRow(code, width, moving, index, right)
    eachOf(rows, (row) => {
      const source = at(rax, row * strides.row + index * strides.step)
      if (vectors === 1) return code.vfmadd231ps(sum(row, 0), right[0]!, broadcast(source))
      code.vbroadcastss(element(row), source)
      eachOf(vectors, (vector) => code.vfmadd231ps(sum(row, vector), right[vector]!, element(row)))
    })
  }
  /** What the finish uses is fetched a row a turn of the loop, so that it comes while there is enough else to do. */
  const fetched = [r8, r12, r13].slice(0, turn.isLast ? (product.finish?.uses.length ?? 0) : 0)
  const unrolled = fetched.length === 0 ? 4 : Math.max(4, Math.min(12, Math.floor(turn.steps / rows)))
  const computeSums = (): void => {
    fetched.forEach((pointer, index) => {
      code.mov(pointer, slot(product.finish!.uses[index]!))
      code.add(pointer, r9)
    })
    repeat(code, rcx, Math.floor(turn.steps / unrolled), () => {
      for (const pointer of fetched) {
        eachOf(vectors, (vector) => code.prefetchw(at(pointer, vector * vectorBytes)))
        code.add(pointer, rowBytes)
      }
      eachOf(unrolled, step)
      code.add(rax, unrolled * strides.step)
      code.add(rdx, unrolled * panel.stride)
      if (panel.copyTo !== undefined) code.add(copy, unrolled * panelStride)
    })
    eachOf(turn.steps % unrolled, step)
  }

  const addBias = (): void => {
    if (product.bias === undefined || !turn.isLast) return
    code.mov(rax, slot(product.bias))
    eachOf(vectors, (vector) => {
      const mask = maskOf(width, vector)
      code.vmovups(right[vector]!, at(rax, vector * vectorBytes, r11, 4), ...(mask ? [zeroing(mask)] : []))
    })
    eachSum((row, vector) => code.vaddps(sum(row, vector), sum(row, vector), right[vector]!))
  }
  const store = (): void =>
    eachSum((row, vector, mask) => code.vmovups(target(row, vector), sum(row, vector), ...(mask ? [mask] : [])))
  /** By way of memory, so that the finish has all registers, and is there once for all rows. */
  const finishRows = (finish: Finish): void => {
    const spilled = (row: number, vector: number): Memory =>
      at(rdi, (row * vectors + vector) * vectorBytes - spilledBytes)
    code.mov(rdi, rsi)
    eachSum((row, vector) => code.vmovaps(spilled(row, vector), sum(row, vector)))
    repeat(code, rcx, rows, () => {
      eachOf(vectors, (vector) => {
        code.vmovaps(zmm(0), spilled(0, vector))
        finish.emit(code, {
          values: zmm(0),
          elementOf: (base) => at(base, vector * vectorBytes, r9),
          columnOf: (base) => at(base, vector * vectorBytes, r11, 4),
          mask: maskOf(width, vector)
        })
      })
      code.add(r9, rowBytes)
      code.add(rdi, vectors * vectorBytes)
    })
  }

  begin()
  eachSum((row, vector, mask) => {
    if (turn.isFirst) {
      code.vpxord(sum(row, vector), sum(row, vector), sum(row, vector))
      if (product.finish === undefined) code.prefetchw(target(row, vector))
    } else code.vmovups(sum(row, vector), target(row, vector), ...(mask ? [zeroing(mask)] : []))
  })
  computeSums()
  addBias()
  if (turn.isLast && product.finish !== undefined) finishRows(product.finish)
  else store()
}
