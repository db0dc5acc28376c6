import { assert, describe, it } from "@effect/vitest"
import { epochs, sampleEpochs, maximumFrames, EpochIntervalError } from "../../src/core/EpochInterval.ts"

describe("EpochInterval", () => {
  it("selects the start, every `epochs` epochs, and the end", () => {
    assert.deepStrictEqual(sampleEpochs(epochs(1), 3), { epochs: [0, 1, 2, 3], due: 4 })
    assert.deepStrictEqual(sampleEpochs(epochs(2), 5), { epochs: [0, 2, 4, 5], due: 4 })
    assert.deepStrictEqual(sampleEpochs(epochs(2), 4), { epochs: [0, 2, 4], due: 3 })
    assert.deepStrictEqual(sampleEpochs(epochs(10), 3), { epochs: [0, 3], due: 2 })
    assert.deepStrictEqual(sampleEpochs(epochs(1), 39).epochs.length, maximumFrames)
  })

  it.each([40, 41, 77, 200, 1999])("thins %s epochs evenly to the maximum", (total) => {
    const { due, epochs: chosen } = sampleEpochs(epochs(1), total)
    assert.strictEqual(due, total + 1)
    assert.strictEqual(chosen.length, maximumFrames)
    assert.deepStrictEqual([chosen[0], chosen.at(-1)], [0, total])
    const steps = chosen.slice(1).map((epoch, index) => epoch - chosen[index]!)
    assert.isAtLeast(Math.min(...steps), 1)
    assert.isAtMost(Math.max(...steps) - Math.min(...steps), 1)
  })

  it.each([0, -1, 1.5, Number.NaN, Infinity])("refuses %s epochs", (count) => {
    assert.throws(() => epochs(count), EpochIntervalError, /must be a positive integer/)
  })
})
