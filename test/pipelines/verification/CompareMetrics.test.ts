import { assert, describe, it } from "@effect/vitest"
import { deviations, format } from "../../../src/pipelines/verification/CompareMetrics.ts"

describe("CompareMetrics", () => {
  it("is relative to a value's size, and in nats below 1", () => {
    const found = deviations({ large: 200, small: 1e-6, same: 3 }, { large: 202, small: 2e-3, same: 3 })
    assert.deepStrictEqual(
      found.map(({ metric }) => metric),
      ["large", "small"]
    )
    assert.closeTo(found[0]!.relative, 0.01, 1e-12)
    assert.closeTo(found[1]!.relative, 2e-3 - 1e-6, 1e-12)
  })

  it("detects the last bit", () => {
    const [found] = deviations({ loss: 0.1 + 0.2 }, { loss: 0.3 })
    assert.isAbove(found!.relative, 0)
    assert.isBelow(found!.relative, 1e-15)
  })

  it("NaN equals itself, and is infinitely far from all else", () => {
    assert.deepStrictEqual(deviations({ a: Number.NaN, b: Infinity }, { a: Number.NaN, b: Infinity }), [])
    for (const other of [{ a: 1 }, { a: Infinity }, {}]) {
      assert.strictEqual(deviations({ a: Number.NaN }, other)[0]!.relative, Infinity)
    }
    assert.strictEqual(deviations({}, { a: 1 })[0]!.relative, Infinity)
    assert.strictEqual(format(deviations({}, { a: 1 })[0]!), "a is not recorded, 1 now")
  })
})
