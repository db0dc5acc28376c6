/** What is done with a tile when all is summed: bias, and storing or a finish. */
import type { Assembler } from "./Assembler.ts"
import { type Finish, floatBytes, type Product } from "./MatrixProduct.ts"
import { at, type Memory, rax, rcx, rdi, rsi, zeroing, zmm } from "./Operands.ts"
import { maskOf, vectorBytes } from "./Panel.ts"
import { slot } from "./Phase.ts"
import { repeat } from "./Repeat.ts"
import { eachSum, offset, placeOf, position, rowVectors, sumOf, sumsBytes, target, type Tile } from "./Tile.ts"
import { eachOf } from "./Walk.ts"

const addBias = (code: Assembler, bias: number, tile: Tile): void => {
  code.mov(rax, slot(bias))
  eachOf(tile.width.vectors, (vector) => {
    const mask = maskOf(tile.width, vector)
    const source = at(rax, vector * vectorBytes, position.column, floatBytes)
    code.vmovups(rowVectors[vector]!, source, mask && zeroing(mask))
  })
  eachSum(tile, (row, vector) => {
    const sum = sumOf(tile, row, vector)
    code.vaddps(sum, sum, rowVectors[vector]!)
  })
}

/** By way of memory, before the panel's copy at `rsi`: so the finish has all registers, and is there once for all rows. */
const finishRows = (code: Assembler, product: Product, tile: Tile, finish: Finish): void => {
  const { vectors } = tile.width
  const spilled = (row: number, vector: number): Memory => at(rdi, (row * vectors + vector) * vectorBytes - sumsBytes)
  code.mov(rdi, rsi)
  eachSum(tile, (row, vector) => code.vmovaps(spilled(row, vector), sumOf(tile, row, vector)))
  repeat(code, rcx, tile.rows, () => {
    eachOf(vectors, (vector) => {
      code.vmovaps(zmm(0), spilled(0, vector))
      finish.emit(code, {
        values: zmm(0),
        elementOf: (base) => placeOf(product, base, 0, vector),
        columnOf: (base) => at(base, vector * vectorBytes, position.column, floatBytes),
        mask: maskOf(tile.width, vector)
      })
    })
    code.add(offset, floatBytes * product.columns)
    code.add(rdi, vectors * vectorBytes)
  })
}

export const emitResults = (code: Assembler, product: Product, tile: Tile): void => {
  const { bias, finish } = product
  if (bias !== undefined && tile.turn.isLast) addBias(code, bias, tile)
  if (finish !== undefined && tile.turn.isLast) return finishRows(code, product, tile, finish)
  eachSum(tile, (row, vector) =>
    code.vmovups(placeOf(product, target, row, vector), sumOf(tile, row, vector), maskOf(tile.width, vector))
  )
}
