import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, FileSystem, Option, Path } from "effect"
import * as tf from "@tensorflow/tfjs-core"
import { Experiment } from "../../../src/index.ts"
import type { HostTensors } from "../../../src/core/Tensors.ts"
import type { SummaryRow, SweepSummary } from "../../../src/pipelines/store/SummaryRow.ts"
import { keepUntil } from "../InterruptedTraining.ts"
import { Curves, experiment, makeLines, platform, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"

const summaryOf = (results: string) =>
  Effect.gen(function* () {
    const folder = yield* (yield* storeOf(results)).experiment("small")
    return Option.getOrThrow(yield* folder.summary)
  })

const runOf = (results: string, row: SummaryRow) =>
  Effect.flatMap(storeOf(results), (store) => Effect.scoped(store.open("small", row.id)))

/** Everything that training left: parameters and optimiser state, and the history without its speed. */
const leftBy = (results: string, summary: SweepSummary) =>
  Effect.forEach(summary.runs, (row) =>
    Effect.gen(function* () {
      const run = yield* runOf(results, row)
      const { tensors, step, epoch } = Option.getOrThrow(yield* run.checkpoint)
      const history = (yield* run.history).map(({ epoch, step, metrics }) => ({ epoch, step, metrics }))
      return { tensors, step, epoch, history }
    })
  )

const bytes = (tensors: HostTensors) =>
  Object.entries(tensors)
    .sort()
    .map(([name, { values }]) => [
      name,
      Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex")
    ])

const single = experiment().pipe(Experiment.override<any>([{ beta: 1 }], ["beta"]))

describe("a sweep", () => {
  it.effect("leaves the documented files", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const tensors = tf.memory().numTensors
      yield* runExperiment(experiment(Curves()), results)
      assert.strictEqual(tf.memory().numTensors, tensors)
      const json = JSON.parse(yield* fs.readFileString(join(results, "small", "summary.json")))
      assert.strictEqual(json.experiment, "small")
      assert.deepStrictEqual(
        json.runs.map((run: any) => run.parameters.beta),
        [0, 4]
      )
      for (const run of json.runs) {
        assert.strictEqual(run.status, "done")
        assert.strictEqual(run.seed, 0)
        for (const metric of ["train/loss", "test/loss", "test/reconstruction", "test/kl", "test/elbo"]) {
          assert.isTrue(Number.isFinite(run.metrics[metric]), metric)
        }
        const { metrics, parameters } = run
        assert.closeTo(
          metrics["test/loss"],
          metrics["test/reconstruction"] + parameters.beta * metrics["test/kl"],
          1e-3
        )
        const folder = join(results, "small", run.directory)
        const files = yield* fs.readDirectory(folder, { recursive: true })
        for (const file of [
          "manifest.json",
          "metrics.ndjson",
          "summary.json",
          "figures/curves.png",
          "figures/captions.md"
        ]) {
          assert.include(files, file)
        }
      }
      const shared = yield* fs.readDirectory(join(results, "small"), { recursive: true })
      for (const file of ["summary.csv", "summary.md", "figures/rate-distortion.png", "figures/curves.png"]) {
        assert.include(shared, file)
      }
      assert.notStrictEqual(json.runs[0].id, json.runs[1].id)
      // More weight on the KL divergence gives less of it.
      assert.isBelow(json.runs[1].metrics["test/kl"], json.runs[0].metrics["test/kl"])
    }).pipe(Effect.provide(platform))
  )

  it.effect("reuses finished runs, and computes an added evaluation without training", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* runExperiment(experiment(), results)
      const before = yield* leftBy(results, yield* summaryOf(results))
      const lines = makeLines()
      yield* runExperiment(experiment(Curves()), results, { lines })
      assert.deepStrictEqual(
        lines.printed.filter((line) => line.startsWith("epoch")),
        []
      )
      const summary = yield* summaryOf(results)
      const names = yield* Effect.forEach(summary.runs, (row) =>
        Effect.flatMap(runOf(results, row), (run) =>
          Effect.map(run.figures, (figures) => figures.map(({ name }) => name))
        )
      )
      assert.deepStrictEqual(names, [["curves"], ["curves"]])
      assert.deepStrictEqual(yield* leftBy(results, summary), before)
    })
  )

  it.effect("reports missing lines in a finished run's history, and does not use an earlier epoch as the last", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const fs = yield* FileSystem.FileSystem
      yield* runExperiment(single, results)
      const [row] = (yield* summaryOf(results)).runs
      const path = `${results}/small/${row!.id}/metrics.ndjson`
      const lines = (yield* fs.readFileString(path)).split("\n")
      for (const left of [`${lines[0]}\n${lines[1]}\n`, `${lines[0]}\n${lines[1]}\n${lines[2]}`, ""]) {
        yield* fs.writeFileString(path, left)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(runExperiment(single, results))))
        const [found] = (yield* summaryOf(results)).runs
        assert.strictEqual(found!.status, "failed")
        assert.include(found!.error!, path)
        assert.match(found!.error!, /[02] epochs of this finished run, which has 3 epochs.*--force/)
      }
    }).pipe(Effect.provide(platform))
  )

  it.effect("is deterministic, and differs for another seed", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* temporaryFolder, yield* temporaryFolder]
      yield* runExperiment(single, first)
      yield* runExperiment(single.pipe(Experiment.seeds(0, 1)), second)
      const [one] = yield* leftBy(first, yield* summaryOf(first))
      const [same, other] = yield* leftBy(second, yield* summaryOf(second))
      assert.deepStrictEqual(bytes(same!.tensors), bytes(one!.tensors))
      assert.deepStrictEqual(same!.history, one!.history)
      assert.notDeepEqual(bytes(other!.tensors), bytes(one!.tensors))
    })
  )

  it.effect("resumes after an interrupt to the bits of an uninterrupted run", () =>
    Effect.gen(function* () {
      const [whole, broken] = [yield* temporaryFolder, yield* temporaryFolder]
      yield* runExperiment(single, whole)
      const reached = yield* Deferred.make<void>()
      const lines = makeLines()
      lines.afterEpoch = (count) =>
        count === 2 ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never) : Effect.void
      const fiber = yield* Effect.forkChild(runExperiment(single, broken, { lines }))
      yield* Deferred.await(reached)
      const exit = yield* Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      const [row] = (yield* summaryOf(broken)).runs
      assert.strictEqual(row!.status, "interrupted")
      const stopped = yield* runOf(broken, row!)
      assert.strictEqual(Option.getOrThrow(yield* stopped.manifest).status, "interrupted")
      assert.strictEqual(Option.getOrThrow(yield* stopped.checkpoint).epoch, 2)
      const resumed = makeLines()
      yield* runExperiment(single, broken, { lines: resumed })
      assert.strictEqual(resumed.printed.filter((line) => line.startsWith("epoch")).length, 1)
      const [expected] = yield* leftBy(whole, yield* summaryOf(whole))
      const [found] = yield* leftBy(broken, yield* summaryOf(broken))
      assert.deepStrictEqual(bytes(found!.tensors), bytes(expected!.tensors))
      assert.deepStrictEqual(found!.history, expected!.history)
    })
  )

  it.effect("resumes within an epoch to the same bits and epoch means", () =>
    Effect.gen(function* () {
      const [whole, broken] = [yield* temporaryFolder, yield* temporaryFolder]
      yield* runExperiment(single, whole)
      // What an interrupt after two of four steps of the second epoch leaves.
      yield* keepUntil(single, broken, 6)
      yield* runExperiment(single, broken)
      const [expected] = yield* leftBy(whole, yield* summaryOf(whole))
      const [found] = yield* leftBy(broken, yield* summaryOf(broken))
      assert.deepStrictEqual(bytes(found!.tensors), bytes(expected!.tensors))
      assert.deepStrictEqual(found!.history, expected!.history)
    })
  )

  it.effect("a run with a NaN loss fails with run, epoch and step, and the others continue", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const swept = single.pipe(Experiment.grid<any>({ learningRate: [1e30, 1e-2] }))
      const exit = yield* Effect.exit(runExperiment(swept, results))
      assert.isTrue(Exit.isFailure(exit))
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.match(String(error), /1 of 2 runs failed/)
      const [diverged, fine] = (yield* summaryOf(results)).runs
      assert.strictEqual(fine!.status, "done")
      assert.strictEqual(diverged!.status, "failed")
      assert.match(diverged!.error!, new RegExp(`run ${diverged!.id} diverged in epoch 1, at step \\d+: the loss is`))
      const manifest = Option.getOrThrow(yield* (yield* runOf(results, diverged!)).manifest)
      assert.strictEqual(manifest.status, "failed")
      assert.strictEqual(manifest.exit?.error, "DivergenceError")
      assert.strictEqual(manifest.exit?.epoch, 1)
    })
  )

  it.effect("--fail-fast stops at the first failure", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const swept = single.pipe(Experiment.grid<any>({ learningRate: [1e30, 1e-2] }))
      yield* Effect.exit(runExperiment(swept, results, { failFast: true }))
      assert.strictEqual((yield* summaryOf(results)).runs.length, 1)
    })
  )

  it.effect("--force trains again and keeps the previous run", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* runExperiment(single, results)
      const lines = makeLines()
      yield* runExperiment(single, results, { force: true, lines })
      assert.strictEqual(lines.printed.filter((line) => line.startsWith("epoch")).length, 3)
      const [row] = (yield* summaryOf(results)).runs
      const folders = yield* FileSystem.FileSystem.use((fs) => fs.readDirectory(`${results}/small`))
      assert.includeMembers(folders, [row!.id, `${row!.id}.attempt-1`])
    }).pipe(Effect.provide(platform))
  )

  it.effect("a read-only results folder is a typed failure without leftovers", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* FileSystem.FileSystem.use((fs) => fs.writeFileString(`${folder}/file`, "not a folder"))
      const exit = yield* Effect.exit(runExperiment(single, `${folder}/file/results`))
      assert.isTrue(Exit.isFailure(exit) && !Cause.hasDies(exit.cause))
      assert.match(Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "", /file is in the place of a folder/)
      assert.deepStrictEqual(yield* FileSystem.FileSystem.use((fs) => fs.readDirectory(folder)), ["file"])
    }).pipe(Effect.provide(platform))
  )
})
