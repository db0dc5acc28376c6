import { assert, describe, it } from "@effect/vitest"
import { fixed, spread, spreadText, text } from "../../../../src/pipelines/report/page/Numbers.ts"

describe("Numbers", () => {
  it("writes numbers with five digits that matter", () => {
    assert.deepStrictEqual(
      [0, 1, -1.23456789, 123456.7, 1234567, 0.00012345, Number.NaN, Number.NEGATIVE_INFINITY].map(text),
      ["0", "1", "−1.2346", "123460", "1.23e+6", "1.23e−4", "NaN", "−Infinity"]
    )
  })

  it("writes columns of numbers with so many decimals", () => {
    assert.strictEqual(fixed(0.0446, 4), "0.0446")
    assert.deepStrictEqual(
      [0, 1, -105.708, 0.004, 2e-7, 1e7].map((value) => fixed(value, 2)),
      ["0.00", "1.00", "−105.71", "0.004", "2.00e−7", "1.00e+7"]
    )
  })

  it("gives mean and standard deviation of a sample", () => {
    assert.isUndefined(spread([]))
    assert.deepStrictEqual(spread([3]), { mean: 3, deviation: undefined, count: 1 })
    assert.deepStrictEqual(spread([1, 2, 3]), { mean: 2, deviation: 1, count: 3 })
    assert.strictEqual(spreadText(spread([3])!, 2), "3.00")
    assert.strictEqual(spreadText(spread([1, 2, 3])!, 1), "2.0 ± 1.0")
  })
})
