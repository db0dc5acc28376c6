import { assert, describe, it } from "@effect/vitest"
import { principalPlane } from "../../../src/core/embeddings/PrincipalComponents.ts"

describe("PrincipalComponents", () => {
  it("finds the axes of a cloud with known axes", () => {
    // Points ±3 along (1, 1, 0) / √2 and ±1 along (0, 0, 1), about (5, 5, 5).
    const diagonal = 3 / Math.SQRT2
    const points = [
      [5 + diagonal, 5 + diagonal, 5],
      [5 - diagonal, 5 - diagonal, 5],
      [5, 5, 6],
      [5, 5, 4]
    ]
    const plane = principalPlane(points.flat(), 4, 3)
    const expected = [3, 0, -3, 0, 0, 1, 0, -1]
    expected.forEach((value, index) => assert.approximately(plane[index]!, value, 1e-9))
  })

  it("copes with one dimension, one point and points that are all equal", () => {
    assert.deepStrictEqual([...principalPlane([1, 3], 2, 1)], [-1, 0, 1, 0])
    assert.deepStrictEqual([...principalPlane([7, 7], 1, 2)], [0, 0])
    assert.deepStrictEqual([...principalPlane([2, 2, 2, 2], 2, 2)], [0, 0, 0, 0])
  })
})
