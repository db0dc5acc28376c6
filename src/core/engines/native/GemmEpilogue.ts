/** What is done with a finished tile: bias, then storing it or an epilogue. */
import { unroll } from "./Blocks.ts"
import { repeat } from "./CountedLoop.ts"
import { tailOf } from "./GemmPanel.ts"
import { eachSum, offset, placeOf, position, sumOf, sumsBytes, target, type Tile } from "./GemmTile.ts"
import type { Assembler } from "./InstructionSet.ts"
import { type Epilogue, floatBytes, type Product } from "./MatrixProduct.ts"
import { slot } from "./Phase.ts"
import { at, type Memory, rax, rcx, rdi, rsi } from "./x86/Operands.ts"

const addBias = (code: Assembler, bias: number, tile: Tile): void => {
  const { simd } = code
  code.mov(rax, slot(bias))
  unroll(tile.width.vectors, (vector) =>
    simd.load(
      simd.product.row[vector]!,
      at(rax, vector * simd.bytes, position.column, floatBytes),
      tailOf(tile.width, vector)
    )
  )
  eachSum(tile, (row, vector) => {
    const sum = sumOf(tile, row, vector)
    simd.add(sum, sum, simd.product.row[vector]!)
  })
}

/** The sums are spilled before the panel's copy at `rsi`, so that the epilogue has all registers and one copy of its code. */
const runEpilogue = (code: Assembler, product: Product, tile: Tile, epilogue: Epilogue): void => {
  const { simd } = code
  const { vectors } = tile.width
  const spilled = (row: number, vector: number): Memory =>
    at(rdi, (row * vectors + vector) * simd.bytes - sumsBytes(simd))
  code.mov(rdi, rsi)
  eachSum(tile, (row, vector) => simd.storeAligned(spilled(row, vector), sumOf(tile, row, vector)))
  repeat(code, rcx, tile.rows, () => {
    unroll(vectors, (vector) => {
      simd.loadAligned(0, spilled(0, vector))
      epilogue.emit(code, {
        values: 0,
        elementOf: (base) => placeOf(code, product, base, 0, vector),
        columnOf: (base) => at(base, vector * simd.bytes, position.column, floatBytes),
        tail: tailOf(tile.width, vector)
      })
    })
    code.add(offset, floatBytes * product.columns)
    code.add(rdi, vectors * simd.bytes)
  })
}

export const emitResults = (code: Assembler, product: Product, tile: Tile): void => {
  const { bias, epilogue } = product
  if (bias !== undefined && tile.block.isLast) addBias(code, bias, tile)
  if (epilogue !== undefined && tile.block.isLast) return runEpilogue(code, product, tile, epilogue)
  eachSum(tile, (row, vector) =>
    code.simd.store(placeOf(code, product, target, row, vector), sumOf(tile, row, vector), tailOf(tile.width, vector))
  )
}
