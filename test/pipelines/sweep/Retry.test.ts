import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Option } from "effect"
import { TestClock } from "effect/testing"
import { Engine, EngineError } from "../../../src/core/Engine.ts"
import { Experiment } from "../../../src/index.ts"
import { DivergenceError } from "../../../src/pipelines/training/DivergenceError.ts"
import { withRetries } from "../../../src/pipelines/sweep/Retry.ts"
import { type Problem, StoreError } from "../../../src/pipelines/files/StoreError.ts"
import { engine, experiment, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"

const ofEngine = new EngineError({ engine: "abacus", program: "train step", reason: "a bead is stuck" })
const ofStore = (problem: Problem) => new StoreError({ path: "/results", problem, reason: "no" })
const divergence = new DivergenceError({
  run: "0123456789ab",
  epoch: 1,
  step: 2,
  what: "loss",
  loss: Number.NaN,
  lastFiniteLoss: 1
})

type Failure = EngineError | StoreError | DivergenceError

/** Fails with these errors in turn, then succeeds; the number of attempts, the outcome and what was said. */
const outcomeOf = Effect.fnUntraced(function* (failures: ReadonlyArray<Failure>, retries: number) {
  let attempts = 0
  const said: Array<string> = []
  const attempt = Effect.suspend((): Effect.Effect<string, Failure> => {
    const failure = failures[attempts++]
    return failure === undefined ? Effect.succeed("done") : Effect.fail(failure)
  })
  const fiber = yield* withRetries(attempt, { retries, what: "run 1" }).pipe(
    Effect.result,
    Effect.provide(Logger.layer([Logger.make(({ message }) => void said.push(String(message)))])),
    Effect.forkChild({ startImmediately: true })
  )
  yield* TestClock.adjust("1 hour")
  return { attempts, said, result: yield* Fiber.join(fiber) }
})

describe("retrying", () => {
  it.effect("makes up to N further attempts after failures of the engine or the disk, and reports them", () =>
    Effect.gen(function* () {
      const passing = [ofEngine, ofStore("no space"), ofStore("cannot write"), ofStore("cannot read")]
      const enough = yield* outcomeOf(passing, 4)
      assert.strictEqual(enough.attempts, 5)
      assert.strictEqual(enough.result._tag, "Success")
      assert.match(enough.said[0]!, /^run 1 is retried \(1 of 4\)\. abacus cannot run/)
      assert.strictEqual(enough.said.length, 4)
      const few = yield* outcomeOf(passing, 2)
      assert.strictEqual(few.attempts, 3)
      assert.strictEqual(few.result._tag, "Failure")
      assert.strictEqual((yield* outcomeOf(passing, 0)).attempts, 1)
    })
  )

  it.effect("does not retry deterministic failures", () =>
    Effect.gen(function* () {
      for (const failure of [divergence, ofStore("corrupt"), ofStore("unknown format"), ofStore("not a folder")]) {
        const { attempts, result, said } = yield* outcomeOf([failure], 9)
        assert.strictEqual(attempts, 1)
        assert.deepStrictEqual(said, [])
        assert.strictEqual(result._tag === "Failure" ? result.failure : undefined, failure)
      }
    })
  )
})

/** The engine, of which the program `name` fails when it is run for the `at`-th time. */
const failingAt = (name: string, at: number) => {
  let runs = 0
  const wrap = Engine.useSync((real) =>
    Engine.of({
      ...real,
      compile: (program, signature) =>
        Effect.map(real.compile(program, signature), (executable) => ({
          ...executable,
          run: (args) => {
            if (program.name === name) runs += 1
            return program.name === name && runs === at ? Effect.fail(ofEngine) : executable.run(args)
          }
        }))
    })
  )
  return Layer.effect(Engine, wrap).pipe(Layer.provide(engine))
}

const single = experiment().pipe(Experiment.override<any>([{ beta: 1 }], ["beta"]))

const leftBy = Effect.fnUntraced(function* (results: string) {
  const store = yield* storeOf(results)
  const [row] = Option.getOrThrow(yield* (yield* store.experiment("small")).summary).runs
  const { manifest, run } = Option.getOrThrow(yield* store.find(row!.id))
  const history = (yield* run.history).map(({ epoch, metrics, step }) => ({ epoch, metrics, step }))
  return { row, manifest, left: { history, checkpoint: yield* run.checkpoint, best: yield* run.best } }
})

describe("a run whose engine fails once", () => {
  it.live("is retried on request, from its last epoch, to the same bits", () =>
    Effect.gen(function* () {
      const [whole, broken] = [yield* temporaryFolder, yield* temporaryFolder]
      yield* runExperiment(single, whole)
      // In the third epoch; no checkpoint was due before.
      yield* runExperiment(single, broken, { engine: failingAt("train step", 10), retries: 1 })
      const [expected, found] = [yield* leftBy(whole), yield* leftBy(broken)]
      assert.deepStrictEqual(found.left, expected.left)
      assert.strictEqual(found.manifest.status, "done")
      assert.strictEqual(found.manifest.fromStep, 8)
      assert.deepStrictEqual(
        found.manifest.earlier?.map(({ fromStep, status }) => [fromStep, status]),
        [[0, "failed"]]
      )
    })
  )

  it.live("during an evaluation is evaluated again", () =>
    Effect.gen(function* () {
      const [whole, broken] = [yield* temporaryFolder, yield* temporaryFolder]
      yield* runExperiment(single, whole)
      // The terms of the test images are computed once an epoch, then by the evaluation.
      yield* runExperiment(single, broken, { engine: failingAt("evaluate terms", 4), retries: 1 })
      const [expected, found] = [yield* leftBy(whole), yield* leftBy(broken)]
      assert.deepStrictEqual(found.row, expected.row)
    })
  )

  it.effect("fails without --retry, and records the reason in its manifest", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* Effect.exit(runExperiment(single, results, { engine: failingAt("train step", 10) }))
      const { manifest, row } = yield* leftBy(results)
      assert.strictEqual(row!.status, "failed")
      assert.strictEqual(manifest.exit?.error, "EngineError")
      assert.include(manifest.exit?.message ?? "", "a bead is stuck")
    })
  )
})
