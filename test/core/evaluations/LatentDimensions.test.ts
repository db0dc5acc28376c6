import { assert, describe, it } from "@effect/vitest"
import { column, deviationAxis, meanAxis, mostVarying } from "../../../src/core/evaluations/LatentDimensions.ts"

// Three codes of four dimensions with variances 0, 6, 2/3 and 24.
const codes = {
  mean: Float32Array.of(1, 0, 1, 0, 1, 3, 2, 6, 1, 6, 3, 12),
  deviation: Float32Array.from({ length: 12 }, (_, index) => index)
}

describe("LatentDimensions", () => {
  it("selects the dimensions that vary most, in ascending order", () => {
    assert.deepStrictEqual(mostVarying(codes, 4, 1), [3])
    assert.deepStrictEqual(mostVarying(codes, 4, 2), [1, 3])
    assert.deepStrictEqual(mostVarying(codes, 4, 3), [1, 2, 3])
    assert.deepStrictEqual(mostVarying(codes, 4, 9), [0, 1, 2, 3])
  })

  it("names axes by dimension, from 1", () => {
    assert.deepStrictEqual([...column(codes.mean, 4, 2)], [1, 2, 3])
    assert.deepStrictEqual(meanAxis(codes, 4, 1), { title: "z2, posterior mean", values: Float32Array.of(0, 3, 6) })
    assert.deepStrictEqual(deviationAxis(codes, 4, 0), {
      title: "σ1, posterior standard deviation",
      values: Float32Array.of(0, 4, 8)
    })
  })
})
