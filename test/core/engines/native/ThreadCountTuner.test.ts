import { assert, describe, it } from "@effect/vitest"
import * as ThreadCountTuner from "../../../../src/core/engines/native/ThreadCountTuner.ts"

/** How often each way is taken in so many runs, if they take these times. */
const taken = (
  tuner: ThreadCountTuner.Tuner,
  runs: number,
  timeOf: (way: 0 | 1, run: number) => number
): [number, number] => {
  const counts: [number, number] = [0, 0]
  for (let run = 0; run < runs; run++) {
    const way = tuner.next()
    counts[way] += 1
    tuner.record(timeOf(way, run))
  }
  return counts
}

describe("ThreadCountTuner", () => {
  it("tries each way once, and then hardly the other, where that was never as fast", () => {
    for (const faster of [0, 1] as const) {
      const tuner = ThreadCountTuner.make()
      const runs = ThreadCountTuner.trialRuns
      // The trial of a way that is much slower ends early.
      assert.deepStrictEqual(
        taken(tuner, 2 * runs, (way) => (way === faster ? 4 : 7)),
        faster === 0 ? [2 * runs - 4, 4] : [runs, runs]
      )
      const counts = taken(tuner, 10_000, (way, run) => (way === faster ? 4 + (run % 3) / 2 : 7))
      assert.isAbove(counts[faster], 9_800)
    }
  })

  it("comes back to a way that was slow in its only trial", () => {
    const tuner = ThreadCountTuner.make()
    taken(tuner, 2 * ThreadCountTuner.trialRuns, (way) => (way === 0 ? 20 : 9))
    const quiet = taken(tuner, 1000, (way) => (way === 0 ? 5 : 9))
    assert.isAbove(quiet[0], 600)
  })

  it("hardly tries a way that is always many times slower", () => {
    for (const slow of [3, 10, 100]) {
      const tuner = ThreadCountTuner.make()
      taken(tuner, 2 * ThreadCountTuner.trialRuns, (way) => (way === 0 ? slow : 1))
      const counts = taken(tuner, 20_000, (way) => (way === 0 ? slow : 1))
      assert.isBelow(counts[0] * (slow - 1), 0.06 * 20_000)
    }
  })

  it("tries long runs fewer times", () => {
    const tuner = ThreadCountTuner.make(50)
    const [first, second] = taken(tuner, 100, (way) => (way === 0 ? 100 : 170))
    assert.deepStrictEqual([first, second], [97, 3])
  })

  it("counts neither a trial's first runs nor a single long one", () => {
    const tuner = ThreadCountTuner.make()
    const isLong = (place: number) => place < ThreadCountTuner.uncounted || place === 5
    taken(tuner, 2 * ThreadCountTuner.trialRuns, (way, run) =>
      way === 0 && isLong(run % ThreadCountTuner.trialRuns) ? 1000 : way === 0 ? 4 : 7
    )
    assert.strictEqual(tuner.next(), 0)
  })

  it("goes over to the other way when the one becomes slow, and back when it is fast again", () => {
    const tuner = ThreadCountTuner.make()
    taken(tuner, 100, (way) => (way === 0 ? 4 : 7))
    const busy = taken(tuner, 1000, (way) => (way === 0 ? 40 : 15))
    assert.isBelow(busy[0], 120)
    const quiet = taken(tuner, 1000, (way) => (way === 0 ? 4 : 7))
    assert.isAbove(quiet[0], 750)
  })

  it("spends no more than a tenth of the time on trials that do not pay", () => {
    for (const slow of [16, 40, 100]) {
      const tuner = ThreadCountTuner.make()
      taken(tuner, 100, (way) => (way === 0 ? 4 : 7))
      taken(tuner, 200, (way) => (way === 0 ? slow : 15))
      const counts = taken(tuner, 20_000, (way) => (way === 0 ? slow : 15))
      assert.isBelow(counts[0] * (slow - 15), 0.1 * 20_000 * 15)
      assert.isAbove(counts[0], 10)
    }
  })

  it("judges by the mean, so that rare long runs count", () => {
    const tuner = ThreadCountTuner.make()
    taken(tuner, 100, (way) => (way === 0 ? 4 : 7))
    const counts = taken(tuner, 2000, (way, run) => (way === 0 ? (run % 4 === 0 ? 60 : 4) : 8))
    assert.isAbove(counts[1], 1000)
  })

  it("comes back soon where it was one long run", () => {
    const tuner = ThreadCountTuner.make()
    const counts = taken(tuner, 1000, (way, run) => (way === 0 ? (run === 500 ? 100 : 4) : 7))
    assert.isAbove(counts[0], 970)
  })
})
