import { assert, describe, it } from "@effect/vitest"
import { permuteColumns } from "../../src/core/Permutation.ts"
import { integers, normalValues, read, Seed, toTensor, uniformValues } from "../../src/testing/TensorProbe.ts"
import { constantValues } from "../../src/testing/TensorProbe.ts"

const columnsOf = (values: Float32Array, columns: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: columns }, (_, column) => Array.from(values).filter((_, index) => index % columns === column))

describe("permuteColumns", () => {
  it.prop(
    "puts each column's values in the order of its noise",
    { seed: Seed, batch: integers(1, 9), columns: integers(1, 4) },
    ({ seed, batch, columns }) => {
      const values = normalValues(seed, "values", [batch, columns])
      const noise = uniformValues(seed, "noise", [batch, columns])
      const { permuted } = read(() => ({ permuted: permuteColumns(toTensor(values), toTensor(noise)) }))
      const keys = columnsOf(noise.values as Float32Array, columns)
      columnsOf(values.values as Float32Array, columns).forEach((column, index) => {
        const order = Array.from(column.keys()).toSorted((a, b) => keys[index]![a]! - keys[index]![b]!)
        assert.deepStrictEqual(
          columnsOf(permuted.values, columns)[index],
          order.map((row) => column[row]!)
        )
      })
    }
  )

  it("keeps the order of equal numbers", () => {
    const values = normalValues(1, "values", [5, 2])
    const { permuted } = read(() => ({
      permuted: permuteColumns(toTensor(values), toTensor(constantValues([5, 2], 0.5)))
    }))
    assert.deepStrictEqual(permuted.values, values.values)
  })

  it("generates all orders equally often", () => {
    const counts = new Map<string, number>()
    const rounds = 1200
    const { permuted } = read(() => ({
      permuted: permuteColumns(
        toTensor({
          shape: [3, rounds],
          dtype: "float32",
          values: Float32Array.from({ length: 3 * rounds }, (_, place) => Math.floor(place / rounds))
        }),
        toTensor(uniformValues(1, "noise", [3, rounds]))
      )
    }))
    for (const column of columnsOf(permuted.values, rounds)) {
      counts.set(column.join(), (counts.get(column.join()) ?? 0) + 1)
    }
    assert.strictEqual(counts.size, 6)
    for (const found of counts.values()) assert.closeTo(found / rounds, 1 / 6, 5 * Math.sqrt(5 / 36 / rounds))
  })
})
