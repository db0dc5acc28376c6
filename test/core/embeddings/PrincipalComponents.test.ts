import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { PrincipalComponents, principalPlane } from "../../../src/core/embeddings/PrincipalComponents.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import { embeddingContract } from "../../../src/testing/EmbeddingContract.ts"

embeddingContract("PCA", PrincipalComponents(), { random: false })

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

  it("handles one dimension, one point and equal points", () => {
    assert.deepStrictEqual([...principalPlane([1, 3], 2, 1)], [-1, 0, 1, 0])
    assert.deepStrictEqual([...principalPlane([7, 7], 1, 2)], [0, 0])
    assert.deepStrictEqual([...principalPlane([2, 2, 2, 2], 2, 2)], [0, 0, 0, 0])
  })

  it.effect("reports the explained variance", () =>
    Effect.gen(function* () {
      // Variances in the ratio 4 : 1 : 1 along the axes.
      const values = Float32Array.of(2, 0, 0, -2, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1)
      const { how } = yield* PrincipalComponents().embed({ values, count: 6, seed: 0 })
      assert.strictEqual(how, "by their first two principal components, which explain 83 % of the variance")
    }).pipe(Effect.provide(Reference.layer))
  )
})
