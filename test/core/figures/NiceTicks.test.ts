import { assert, describe, it } from "@effect/vitest"
import { niceTicks } from "../../../src/core/figures/NiceTicks.ts"

describe("NiceTicks", () => {
  it("gives round numbers in an interval", () => {
    assert.deepStrictEqual(niceTicks([0, 10], 5), [0, 2, 4, 6, 8, 10])
    assert.deepStrictEqual(niceTicks([-7, 12], 4), [-5, 0, 5, 10])
    assert.deepStrictEqual(niceTicks([151, 333], 8), [200, 250, 300])
    assert.deepStrictEqual(niceTicks([3, 3], 4), [3])
  })

  it("gives integers on request", () => {
    assert.deepStrictEqual(niceTicks([1, 3], 8, { whole: true }), [1, 2, 3])
    assert.deepStrictEqual(niceTicks([1, 40], 8, { whole: true }), [5, 10, 15, 20, 25, 30, 35, 40])
    assert.deepStrictEqual(niceTicks([1, 1], 8, { whole: true }), [1])
  })

  it.each([1e-9, 1, 1e9])("gives between 1 and count + 1 ticks, at the order of %s", (scale) => {
    for (let low = -5; low < 5; low += 0.37) {
      const interval = [low * scale, (low + 3.3) * scale] as const
      const numbers = niceTicks(interval, 6)
      assert.isAtLeast(numbers.length, 2)
      assert.isAtMost(numbers.length, 7)
      for (const number of numbers) {
        assert.isAtLeast(number, interval[0] - 1e-8 * scale)
        assert.isAtMost(number, interval[1] + 1e-8 * scale)
      }
    }
  })
})
