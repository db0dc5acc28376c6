import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope, Sink, Stdio } from "effect"
import { TestClock, TestConsole } from "effect/testing"
import * as Progress from "../../../src/pipelines/console/Progress.ts"

const state = (run: number, epoch: number): Progress.TrainingProgress => ({
  run,
  runs: 3,
  label: `beta=${run}`,
  epoch,
  epochs: 4,
  fraction: 1,
  loss: 100 / epoch,
  examplesPerSecond: 1234.5,
  secondsLeft: 75
})

/** A terminal of endless height: what its lines show after these characters. */
const makeScreen = () => {
  const lines = [""]
  let row = 0
  let column = 0
  const write = (text: string) => {
    for (const [token] of text.replaceAll("\u001b", "␛").matchAll(/␛\[\d*[A-Z]|[^]/gu)) {
      const [, count = "1", kind] = /^␛\[(\d*)([A-Z])$/.exec(token) ?? []
      if (kind === "A") row = Math.max(0, row - Number(count))
      else if (kind === "J") lines.splice(row, lines.length, lines[row]!.slice(0, column))
      else if (kind !== undefined) throw new Error(`not known here: ${JSON.stringify(token)}`)
      else if (token === "\r") column = 0
      else if (token === "\n") {
        row += 1
        column = 0
        lines[row] ??= ""
      } else {
        lines[row] = lines[row]!.slice(0, column) + token + lines[row]!.slice(column + 1)
        column += 1
      }
    }
  }
  return { write, shown: () => lines.filter((line) => line !== "") }
}

const terminal = Effect.gen(function* () {
  const screen = makeScreen()
  const stdout = () => Sink.forEach((text: string | Uint8Array) => Effect.sync(() => screen.write(String(text))))
  const scope = yield* Scope.make()
  const layer = Progress.layerTerminal.pipe(Layer.provide(Stdio.layerTest({ stdout })))
  const progress = yield* Effect.provide(Progress.Progress, yield* Layer.buildWithScope(layer, scope))
  return { screen, progress, close: Scope.close(scope, Exit.void) }
})

const bar = (run: number, epoch: number) =>
  `${"█".repeat(epoch * 5).padEnd(20, "░")} ${Progress.describe(state(run, epoch))}`

describe("progress", () => {
  it("describes a state", () => {
    assert.strictEqual(
      Progress.describe(state(2, 3)),
      "run 2 of 3 · beta=2 · epoch 3/4 · loss 33.33 · 1,235 examples/s · 1m15s left"
    )
  })

  it.effect("without a terminal: one line per epoch, also of several runs", () =>
    Effect.gen(function* () {
      const progress = yield* Progress.Progress
      const [one, two] = [yield* progress.bar, yield* progress.bar]
      yield* one.update(state(1, 1))
      yield* two.note("an evaluation")
      yield* two.epoch(state(2, 1), "test loss 1.00")
      yield* one.epoch(state(1, 1), "test loss 2.00")
      yield* progress.line("engine: there is one")
      assert.deepStrictEqual(yield* TestConsole.logLines, [
        `${Progress.describe(state(2, 1))} · test loss 1.00`,
        `${Progress.describe(state(1, 1))} · test loss 2.00`,
        "engine: there is one"
      ])
    }).pipe(Effect.scoped, Effect.provide(Progress.layerPlain))
  )

  it.effect("on a terminal: a line that is redrawn below other output, and cleared at the end", () =>
    Effect.gen(function* () {
      const { close, progress, screen } = yield* terminal
      yield* progress.line("engine: there is one")
      assert.deepStrictEqual(screen.shown(), ["engine: there is one"])
      yield* progress.epoch(state(1, 1), "")
      yield* progress.epoch(state(1, 2), "")
      assert.deepStrictEqual(screen.shown(), ["engine: there is one", bar(1, 2)])
      yield* progress.line("a line")
      assert.deepStrictEqual(screen.shown(), ["engine: there is one", "a line", bar(1, 2)])
      // At most ten times a second.
      yield* TestClock.adjust("1 second")
      yield* progress.update(state(1, 3))
      yield* progress.update(state(1, 4))
      assert.deepStrictEqual(screen.shown().at(-1), bar(1, 3))
      yield* progress.note("an evaluation")
      assert.deepStrictEqual(screen.shown(), ["engine: there is one", "a line", "an evaluation"])
      yield* close
      assert.deepStrictEqual(screen.shown(), ["engine: there is one", "a line"])
    })
  )

  it.effect("on a terminal: a line per concurrent run", () =>
    Effect.gen(function* () {
      const { close, progress, screen } = yield* terminal
      const scopes = [yield* Scope.make(), yield* Scope.make()] as const
      const [one, two] = [yield* Scope.provide(progress.bar, scopes[0]), yield* Scope.provide(progress.bar, scopes[1])]
      yield* one.epoch(state(1, 1), "")
      yield* two.epoch(state(2, 1), "")
      yield* progress.note("0 of 3 runs ended")
      yield* one.epoch(state(1, 2), "")
      assert.deepStrictEqual(screen.shown(), ["0 of 3 runs ended", bar(1, 2), bar(2, 1)])
      yield* two.line("said by the second")
      assert.deepStrictEqual(screen.shown(), ["said by the second", "0 of 3 runs ended", bar(1, 2), bar(2, 1)])
      // Somebody else's line takes the place of the first, and all are drawn again below it.
      screen.write("\r\u001b[0Jwarning: a log message\n")
      yield* two.note("an evaluation of the second")
      assert.deepStrictEqual(screen.shown(), [
        "said by the second",
        "warning: a log message",
        "0 of 3 runs ended",
        bar(1, 2),
        "an evaluation of the second"
      ])
      yield* Scope.close(scopes[0], Exit.void)
      assert.deepStrictEqual(screen.shown().slice(2), ["0 of 3 runs ended", "an evaluation of the second"])
      yield* Scope.close(scopes[1], Exit.void)
      yield* close
      assert.deepStrictEqual(screen.shown(), ["said by the second", "warning: a log message"])
    })
  )
})
