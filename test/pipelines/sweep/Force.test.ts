/**
 * What `--force` sets aside, and what it goes on with.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Option, Path } from "effect"
import { Experiment } from "../../../src/index.ts"
import * as Run from "../../../src/pipelines/store/Run.ts"
import { keepUntil } from "../InterruptedTraining.ts"
import { experiment, makeLines, platform, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"

/** One run of three epochs with four steps each. */
const single = experiment().pipe(Experiment.override<any>([{ beta: 1 }], ["beta"]))

const runOf = Effect.fnUntraced(function* (results: string) {
  const folder = yield* (yield* storeOf(results)).experiment("small")
  const [row] = Option.getOrThrow(yield* folder.summary).runs
  return yield* Run.make("small", row!.id, (yield* Path.Path).join(folder.directory, row!.id))
})

/** Number of attempts that were set aside. */
const attempts = Effect.fnUntraced(function* (results: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  return (yield* fs.readDirectory(join(results, "small"))).filter((name) => name.includes(".attempt-")).length
})

/** Gives the command with `--force`; the number of epochs that it trains. */
const force = Effect.fnUntraced(function* (results: string) {
  const lines = makeLines()
  yield* runExperiment(single, results, { force: true, lines })
  return lines.printed.filter((line) => line.startsWith("epoch")).length
})

describe("--force", () => {
  it.effect("resumes its own interrupted or killed attempt, to the same bits", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* runExperiment(single, results)
      const run = yield* runOf(results)
      const expected = yield* run.checkpoint
      yield* keepUntil(single, results, 6, { force: true })
      assert.strictEqual(yield* attempts(results), 1)
      // As a kill would have left it.
      const { ended: _ended, exit: _exit, ...manifest } = Option.getOrThrow(yield* run.manifest)
      assert.strictEqual(manifest.status, "interrupted")
      yield* run.writeManifest({ ...manifest, status: "running" })
      assert.strictEqual(yield* force(results), 2)
      assert.strictEqual(yield* attempts(results), 1)
      assert.deepStrictEqual(yield* run.checkpoint, expected)
    }).pipe(Effect.provide(platform))
  )

  it.effect("sets aside a failed run, and one with an unreadable manifest", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      yield* runExperiment(single, results)
      const run = yield* runOf(results)
      const manifest = Option.getOrThrow(yield* run.manifest)
      yield* run.writeManifest({ ...manifest, status: "failed", exit: { error: "EngineError", message: "no" } })
      assert.strictEqual(yield* force(results), 3)
      assert.strictEqual(yield* attempts(results), 1)
      yield* fs.writeFileString(join(run.directory, "manifest.json"), "{")
      assert.strictEqual(yield* force(results), 3)
      assert.strictEqual(yield* attempts(results), 2)
      assert.strictEqual(Option.getOrThrow(yield* run.manifest).status, "done")
    }).pipe(Effect.provide(platform))
  )
})
