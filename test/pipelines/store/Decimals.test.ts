import { assert, describe, it } from "@effect/vitest"
import { decimalsFor, isUnfit } from "../../../src/pipelines/store/Decimals.ts"

describe("Decimals", () => {
  it("distinguish the numbers of a column", () => {
    assert.deepStrictEqual(
      [[0.0403, 0.0446], [105.701, 105.704, 105.71], [163.34, 205.91], [1.5], [2, 3], [], [0, 0.5]].map(decimalsFor),
      [5, 3, 2, 3, 0, 0, 4]
    )
    // Numbers that differ beyond six digits are the same for people.
    assert.strictEqual(decimalsFor([105.7000001, 105.7]), 3)
    assert.strictEqual(decimalsFor([45_516.064, 45_516.058]), 2)
    assert.strictEqual(decimalsFor([Number.NaN, Infinity, 3.25]), 3)
    assert.strictEqual(decimalsFor([1e-30, 2e-30]), 20)
  })

  it("do not fit numbers with too few digits", () => {
    assert.deepStrictEqual(
      [0, 0.1, 0.09, -0.09, 12, 1e6].map((value) => isUnfit(value, 2)),
      [false, false, true, true, false, true]
    )
    assert.isFalse(isUnfit(0.09, 2, 1))
  })
})
