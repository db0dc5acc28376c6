import { assert, describe, it } from "@effect/vitest"
import { operationsOf, productsOf, programs } from "../../bench/Programs.ts"

describe("the bench's matrix products", () => {
  it("are three per kernel, and two for the first", () => {
    const parameters = {
      "encoder/dense1/kernel": { shape: [6, 5] },
      "encoder/dense1/bias": { shape: [5] },
      "decoder/dense1/kernel": { shape: [5, 6] }
    }
    const products = productsOf({ ...programs["dense"]!, batch: 2 }, { autoencoder: { parameters }, objective: {} })
    assert.deepStrictEqual(
      products.map(({ columns, inner, rows }) => [rows, inner, columns]),
      [
        [2, 6, 5],
        [6, 2, 5],
        [2, 5, 6],
        [5, 2, 6],
        [2, 6, 5]
      ]
    )
    assert.strictEqual(operationsOf(products), 5 * 2 * 2 * 6 * 5)
  })

  it("have more rows for several draws, and for every position of a convolution", () => {
    const rowsOf = (positions: Readonly<Record<string, number>>) =>
      productsOf(
        { ...programs["dense"]!, batch: 2, positions },
        {
          autoencoder: {
            parameters: { "encoder/c/kernel": { shape: [3, 3, 1, 8] }, "decoder/d/kernel": { shape: [4, 5] } }
          },
          objective: { draws: 3 }
        }
      ).map(({ inner, rows }) => [rows, inner])
    const [first, , decoder] = rowsOf({ "encoder/c": 100 })
    assert.deepStrictEqual(
      [first, decoder],
      [
        [200, 9],
        [6, 4]
      ]
    )
  })
})
