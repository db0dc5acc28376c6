import { assert, describe, it } from "@effect/vitest"
import { disagreement, inTurn, median, ofRounds, quantile, ratios } from "../../bench/Statistics.ts"

describe("the bench's statistics", () => {
  it("interpolate medians and quantiles", () => {
    assert.strictEqual(median([9, 1, 5]), 5)
    assert.strictEqual(median([4, 1, 2, 3]), 2.5)
    assert.strictEqual(quantile([10, 20], 0.25), 12.5)
    assert.deepStrictEqual([quantile([3, 1, 2], 0), quantile([3, 1, 2], 1)], [1, 3])
    assert.isNaN(median([]))
  })

  it("use each round's median, which is robust to one slow step", () => {
    assert.deepStrictEqual(ofRounds([[1, 2, 300], [4, 4, 4], [3]]), { median: 3, least: 2, greatest: 4 })
  })

  it("compare round by round, which is robust to a slow round", () => {
    assert.deepStrictEqual(ratios([2, 20, 4], [1, 10, 2]), { median: 2, least: 2, greatest: 2 })
    assert.deepStrictEqual(ratios([2, 6], [1]), { median: 2, least: 2, greatest: 2 })
  })

  it("rotate the order in each round", () => {
    assert.deepStrictEqual(
      [0, 1, 2, 3].map((round) => inTurn(["a", "b", "c"], round).join("")),
      ["abc", "bca", "cab", "abc"]
    )
  })

  it("measure the relative difference of a loss from the median, independent of its sign", () => {
    assert.closeTo(disagreement(101, [100, 100, 101]), 0.01, 1e-12)
    assert.closeTo(disagreement(-99, [-100, -100, -99]), 0.01, 1e-12)
  })
})
