import { assert, describe, it } from "@effect/vitest"
import { bestOf, type EarlyStopping, isOver, resultOf } from "../../src/core/EarlyStopping.ts"

const historyOf = (...losses: ReadonlyArray<number>) =>
  losses.map((loss, index) => ({
    epoch: index + 1,
    step: index + 1,
    metrics: { "validation/loss": loss },
    examplesPerSecond: 1
  }))

const stopping: EarlyStopping = { metric: "validation/loss", patience: 2 }

describe("EarlyStopping", () => {
  it("selects the first epoch with the lowest metric", () => {
    assert.strictEqual(bestOf(stopping, historyOf(3, 1, 2, 1))?.epoch, 2)
    assert.isUndefined(bestOf(stopping, []))
    assert.isUndefined(bestOf(stopping, historyOf(Number.NaN, Number.POSITIVE_INFINITY)))
    assert.strictEqual(bestOf(stopping, historyOf(Number.NaN, 5))?.epoch, 2)
  })

  it("counts a change only if it is larger than the minimum", () => {
    const coarse = { ...stopping, minimumChange: 0.5 }
    assert.strictEqual(bestOf(coarse, historyOf(3, 2.6, 2.55))?.epoch, 1)
    assert.strictEqual(bestOf(coarse, historyOf(3, 2.6, 2.4))?.epoch, 3)
  })

  it("ends after `patience` epochs without an improvement", () => {
    assert.deepStrictEqual(
      [[], [3], [3, 4], [3, 4, 5], [3, 4, 2], [3, 4, 2, 2], [3, 4, 2, 2, 2]].map((losses) =>
        isOver(stopping, historyOf(...losses))
      ),
      [false, false, false, true, false, false, true]
    )
    assert.isFalse(isOver(undefined, historyOf(1, 2, 3, 4, 5)))
    assert.isTrue(isOver(stopping, historyOf(Number.NaN, Number.NaN)))
  })

  it("returns the best epoch, or the last one without early stopping", () => {
    const history = historyOf(3, 1, 2)
    assert.strictEqual(resultOf(stopping, history)?.epoch, 2)
    assert.strictEqual(resultOf(undefined, history)?.epoch, 3)
    assert.isUndefined(resultOf(stopping, []))
  })
})
