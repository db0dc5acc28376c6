/**
 * Several processes on the same runs: which run is made when, and real commands on one results folder.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { RunExecutor, Outcome, type RunRequest } from "../../../src/pipelines/sweep/RunExecutor.ts"
import { defaultInterval } from "../../../src/pipelines/training/CheckpointInterval.ts"
import { plan } from "../../../src/pipelines/plan/Plan.ts"
import { RunStore } from "../../../src/pipelines/store/RunStore.ts"
import * as Store from "../../../src/pipelines/store/RunStore.ts"
import { share } from "../../../src/pipelines/sweep/ShareRuns.ts"
import { type Ended, exp, whatIsLeft } from "../Command.ts"
import { platform, temporaryFolder } from "../Sandbox.ts"
import sharedExperiment from "./BriefExperiment.ts"

const shared = "./test/pipelines/sweep/BriefExperiment.ts"
const other = "./test/pipelines/sweep/OtherExperiment.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "effect-vae-share-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const summaryOf = async (results: string, name: string) =>
  JSON.parse(await readFile(join(results, name, "summary.json"), "utf8"))

/** Ids of the runs that a command trained. */
const trainedBy = ({ output }: Pick<Ended, "output">): ReadonlyArray<string> =>
  [...output.matchAll(/^run ([0-9a-f]{12})\b.* is trained$/gm)].map(([, id]) => id!)

const runsIn = async (results: string): Promise<ReadonlyArray<string>> =>
  (await readdir(results, { recursive: true })).filter((path) => /[0-9a-f]{12}[\\/]manifest\.json$/.test(path))

/** Each run was trained once, by one of the commands; each command tells of all of its runs. */
const assertShared = async (results: string, commands: ReadonlyArray<Ended>) => {
  for (const { code, output } of commands) {
    assert.strictEqual(code, 0, output)
    const [, told] = /^(\d+) runs in /m.exec(output) ?? []
    assert.strictEqual(output.match(/^ +\d .* done$/gm)?.length, Number(told), output)
  }
  const trained = commands.flatMap(trainedBy)
  assert.strictEqual(new Set(trained).size, trained.length)
  assert.deepStrictEqual((await runsIn(results)).map((path) => path.split(/[\\/]/).at(-2)).sort(), [...trained].sort())
  assert.deepStrictEqual(await readdir(join(results, ".locks")), [])
  return trained
}

const assertWhole = async (results: string, name: string, betas: ReadonlyArray<number>) => {
  const { runs } = await summaryOf(results, name)
  assert.deepStrictEqual(
    runs.map((run: any) => run.parameters.beta),
    betas
  )
  for (const run of runs) {
    assert.strictEqual(run.status, "done")
    assert.isTrue(Number.isFinite(run.metrics["test/elbo"]))
    assert.include(await readdir(join(results, name, run.directory)), "manifest.json")
  }
}

const done = Outcome.make({ _tag: "Done", trained: true })
const failed = Outcome.make({ _tag: "Failed", reason: "a reason" })

/** Work that is not done by the test's clock goes on. */
const work = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))

const until = Effect.fnUntraced(function* (condition: () => boolean, step: Effect.Effect<unknown> = work) {
  while (!condition()) yield* Effect.andThen(step, work)
})

/** Shares the runs of a sweep of four; the attempts end when the test says so. */
const sharing = Effect.fnUntraced(function* (jobs: number, shouldContinue: () => boolean) {
  const results = yield* temporaryFolder
  const store = yield* Effect.provide(RunStore.use(Effect.succeed), Store.layer(results).pipe(Layer.provide(platform)))
  const planned = yield* plan(sharedExperiment, (dataset) => dataset.locate).pipe(Effect.provide(platform))
  const requests = planned.map((planned, index): RunRequest => ({
    planned,
    position: { run: index + 1, runs: planned.id.length, epochsAfter: 0 },
    force: false,
    checkpointEvery: defaultInterval,
    retries: 0
  }))
  const begun: Array<number> = []
  const said: Array<string> = []
  const ends = new Map<number, Deferred.Deferred<Outcome>>()
  const execute = ({ position }: RunRequest) =>
    Effect.gen(function* () {
      const index = position.run - 1
      begun.push(index)
      const end = yield* Deferred.make<Outcome>()
      ends.set(index, end)
      return yield* Deferred.await(end)
    })
  const fiber = yield* share(requests, {
    shouldContinue,
    onEnd: (index, { _tag }) => Effect.sync(() => said.push(`${index} ${_tag}`)),
    onInterrupt: (index) => Effect.sync(() => said.push(`${index} interrupted`)),
    onWait: (index, owner) => Effect.sync(() => said.push(`${index} waits for ${owner}`))
  }).pipe(
    Effect.provideService(RunExecutor, { jobs, execute }),
    Effect.provideService(RunStore, store),
    Effect.forkChild
  )
  /** Ends an execute, once it is begun, and waits until something is said of it. */
  const end = Effect.fnUntraced(function* (index: number, outcome: Outcome) {
    yield* until(() => ends.has(index))
    const before = said.length
    yield* Deferred.succeed(ends.get(index)!, outcome)
    ends.delete(index)
    if (outcome._tag !== "Locked") yield* until(() => said.length > before)
  })
  return { begun, said, end, fiber, store, ids: planned.map(({ id }) => id) }
})

describe("sharing runs", () => {
  it.effect("runs as many at once as there are jobs, in order", () =>
    Effect.gen(function* () {
      const { begun, end, fiber, said } = yield* sharing(2, () => true)
      yield* end(1, done)
      assert.deepStrictEqual(begun.slice(0, 2), [0, 1])
      assert.isAtMost(begun.length, 3)
      yield* end(2, failed)
      yield* end(3, done)
      yield* end(0, done)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(said, ["1 Done", "2 Failed", "3 Done", "0 Done"])
    })
  )

  it.effect("starts no run after one that forbids it; running ones finish", () =>
    Effect.gen(function* () {
      let shouldContinue = true
      const { begun, end, fiber, said } = yield* sharing(2, () => shouldContinue)
      yield* until(() => begun.length === 2)
      shouldContinue = false
      yield* end(0, failed)
      yield* end(1, done)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(begun, [0, 1])
      assert.deepStrictEqual(said, ["0 Failed", "1 Done"])
    })
  )

  it.effect("defers another process's run, and tries it again after its release", () =>
    Effect.gen(function* () {
      const { begun, end, fiber, ids, said, store } = yield* sharing(1, () => true)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* store.open("elsewhere", ids[0]!)
          yield* end(0, Outcome.make({ _tag: "Locked", owner: "somebody" }))
          for (const index of [1, 2, 3]) yield* end(index, done)
          yield* until(() => said.length === 4, TestClock.adjust("2 seconds"))
          assert.match(said.at(-1)!, new RegExp(`^0 waits for process ${process.pid} on `))
          for (const _ of [1, 2, 3]) yield* Effect.andThen(TestClock.adjust("2 seconds"), work)
          assert.deepStrictEqual(begun, [0, 1, 2, 3])
          assert.strictEqual(said.length, 4)
        })
      )
      yield* until(() => begun.length === 5, TestClock.adjust("2 seconds"))
      assert.strictEqual(begun.at(-1), 0)
      yield* end(0, done)
      yield* Fiber.join(fiber)
      assert.strictEqual(said.at(-1), "0 Done")
    })
  )

  it.effect("an interrupt reaches only the running runs", () =>
    Effect.gen(function* () {
      const { begun, end, fiber, said } = yield* sharing(2, () => true)
      yield* end(0, done)
      yield* until(() => begun.length === 3)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual([...said].sort(), ["0 Done", "1 interrupted", "2 interrupted"])
    })
  )
})

describe("processes on the same runs", () => {
  it("two on one sweep: each run is trained once, and both summaries are complete and equal", async () => {
    const results = join(folder, "two")
    const commands = await Promise.all([exp(shared, results, []), exp(shared, results, [])])
    assert.strictEqual((await assertShared(results, commands)).length, 4)
    await assertWhole(results, "shared", [0, 1, 2, 3])
    // Alone, one leaves the same.
    const alone = join(folder, "alone")
    await exp(shared, alone, [])
    assert.deepStrictEqual(await whatIsLeft(results), await whatIsLeft(alone))
  })

  it("four on two sweeps with common runs", async () => {
    const results = join(folder, "four")
    const commands = await Promise.all([shared, other, shared, other].map((file) => exp(file, results, [])))
    assert.strictEqual((await assertShared(results, commands)).length, 5)
    await assertWhole(results, "shared", [0, 1, 2, 3])
    await assertWhole(results, "other", [2, 3, 4])
  })

  it("waiting processes take over a killed or interrupted process's run, not a suspended one's", async () => {
    const results = join(folder, "taken-over")
    const args = ["--beta", "1", "--epochs", "60", "--checkpoint-every", "1epoch"]
    const makers: Array<(signal: NodeJS.Signals) => void> = []
    let waiting = 0
    // The first one is suspended until both others wait, and is then killed; the second one is interrupted.
    const next = () => {
      if (makers.length === 1) makers[0]!(waiting < 2 ? "SIGSTOP" : "SIGKILL")
      if (makers.length === 2) makers[1]!("SIGINT")
    }
    const command = () => {
      let makes = false
      let waits = false
      return exp(shared, results, args, {
        onOutput: (output, kill) => {
          const before = [makes, waits]
          makes ||= /epoch \d+\/60/.test(output)
          waits ||= /is being trained by process \d+ on .*; waiting/.test(output)
          if (makes && !before[0]) makers.push(kill)
          if (waits && !before[1]) waiting += 1
          if (makes !== before[0] || waits !== before[1]) next()
        }
      })
    }
    const commands = await Promise.all([command(), command(), command()])
    const outputs = commands.map(({ output }) => output).join("\n")
    assert.strictEqual(makers.length, 3, outputs)
    const ends = commands.map(({ code, signal }) => signal ?? String(code)).sort()
    assert.deepStrictEqual(ends, ["0", "130", "SIGKILL"], outputs)
    assert.strictEqual(outputs.match(/ is taken over: process \d+ on \S+, which had it, has ended$/gm)?.length, 1)
    assert.match(outputs, /was killed and resumes from step [1-9]/)
    assert.match(outputs, /was interrupted and resumes from step [1-9]/)
    const [path] = await runsIn(results)
    const manifest = JSON.parse(await readFile(join(results, path!), "utf8"))
    assert.strictEqual(manifest.status, "done")
    assert.strictEqual(manifest.earlier.length, 2)
    assert.deepStrictEqual(await readdir(join(results, ".locks")), [])
    await assertWhole(results, "shared", [1])
  })

  it("--force by two trains each run once more", async () => {
    const results = join(folder, "two")
    const commands = await Promise.all([exp(shared, results, ["--force"]), exp(shared, results, ["--force"])])
    const trained = commands.flatMap(trainedBy)
    for (const { code, output } of commands) assert.strictEqual(code, 0, output)
    assert.strictEqual(new Set(trained).size, 4)
    // Which of them began later has only what was finished after it began for done.
    const asides = (await readdir(join(results, "shared"))).filter((name) => name.includes(".attempt-"))
    assert.strictEqual(asides.length, trained.length)
    assert.isAtMost(trained.length, 8)
  })
})
