/**
 * The wall clock goes backwards, as when it is set right over the network, between any two readings of it. Elapsed time,
 * which the system counts apart from it, goes on.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Clock, DateTime, Effect, FileSystem, Option } from "effect"
import { describe as inWords } from "../../src/pipelines/console/Progress.ts"
import { drawing } from "../fuzz/Mutations.ts"
import { assertDone, assertReadable, left, live, platform, resultsFolder, runIn } from "./Life.ts"

/** Reads the clock, and every time it has gone back by as much as `back` says, in milliseconds. */
const falling = (real: Clock.Clock, back: () => number): Clock.Clock => {
  let behind = 0
  const milliseconds = () => {
    behind += back()
    return real.currentTimeMillisUnsafe() - behind
  }
  const nanoseconds = () => BigInt(milliseconds()) * 1_000_000n
  return {
    ...real,
    sleep: (duration) => real.sleep(duration),
    currentTimeMillisUnsafe: milliseconds,
    currentTimeMillis: Effect.sync(milliseconds),
    currentTimeNanosUnsafe: nanoseconds,
    currentTimeNanos: Effect.sync(nanoseconds),
    monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: real.monotonicTimeNanos
  }
}

const day = 86_400_000

/** Counts the checkpoints that are put in place. */
const counting = (fs: FileSystem.FileSystem) => {
  const steps = new Set<string>()
  const fileSystem = FileSystem.FileSystem.of({
    ...fs,
    rename: (from, to) => {
      if (/step-\d+\.safetensors$/.test(to)) steps.add(to)
      return fs.rename(from, to)
    }
  })
  return { fileSystem, count: () => steps.size }
}

describe("a run under a clock that goes backwards", () => {
  layer(platform, { excludeTestServices: true })((it) => {
    it.effect("has the same numbers, plausible speeds and times, and checkpoints at the requested interval", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const real = yield* Clock.Clock
        const honest = yield* resultsFolder
        assertDone(yield* live(honest))
        const draw = drawing(1)
        const falls: ReadonlyArray<() => number> = [
          () => 1000,
          () => draw.below(day),
          () => draw.pick([0, 0, 0, 7 * day])
        ]
        for (const back of falls) {
          const results = yield* resultsFolder
          const { count, fileSystem } = counting(fs)
          const clock = falling(real, back)
          // Always due, so after each of the six steps.
          const lived = yield* live(results, { clock, fileSystem, checkpointEvery: { seconds: 1e-9 } })
          assertDone(lived)
          assert.isAtLeast(count(), 6)
          assert.strictEqual(yield* assertReadable(results), "done")
          assert.deepStrictEqual(yield* left(results), yield* left(honest))
          assert.isAbove(lived.states.length, 6)
          for (const state of lived.states) {
            assert.isTrue(state.examplesPerSecond > 0 && Number.isFinite(state.examplesPerSecond))
            assert.isTrue(state.secondsLeft >= 0 && state.secondsLeft < 1000, `${state.secondsLeft} s left`)
            assert.notMatch(inWords(state), /-\d|NaN|Infinity|\?/)
          }
          assert.notMatch(lived.said.join("\n"), /in -|NaN|-\d+(s|m|h)\b/)
          const run = (yield* runIn(results))!
          for (const { examplesPerSecond } of yield* run.history) {
            assert.isTrue(examplesPerSecond > 0 && Number.isFinite(examplesPerSecond))
          }
          const { ended, started } = Option.getOrThrow(yield* run.manifest)
          assert.isTrue(DateTime.isLessThanOrEqualTo(started, ended!), "it ended before it began")
        }
      }).pipe(Effect.scoped)
    )
  })
})
