/**
 * Runs that are trained as one program, beside the same runs trained alone.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, type Layer, Option } from "effect"
import type { Engine, EngineError } from "../../../src/core/Engine.ts"
import * as Xla from "../../../src/core/engines/Xla.ts"
import * as Sweep from "../../../src/core/Sweep.ts"
import { Experiment } from "../../../src/index.ts"
import { type CommonFlags, stackSize } from "../../../src/pipelines/commands/Flags.ts"
import { plan } from "../../../src/pipelines/plan/Plan.ts"
import type { BestCheckpoint, Checkpoint } from "../../../src/pipelines/store/Checkpoint.ts"
import * as Stacks from "../../../src/pipelines/sweep/Stacks.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"
import { amount, isLong } from "../../LongTests.ts"
import { needs } from "../../machine/Capability.ts"
import { xlaPlugin } from "../../machine/XlaPlugin.ts"
import { exp, filesOf, isLeftOver } from "../Command.ts"
import { makeLines, platform, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"
import experiment from "./StackedExperiment.ts"

const file = "./test/pipelines/sweep/StackedExperiment.ts"

const grid = (axes: Readonly<Record<string, ReadonlyArray<number>>>, seeds: ReadonlyArray<number> = [0]) =>
  (experiment as Experiment.Experiment<any>).pipe(
    Experiment.override<any>(Sweep.grid<any>(axes), ["beta"]),
    Experiment.seeds(...seeds)
  )

/** What a sweep left, one entry per run in the order of the sweep. */
const left = Effect.fnUntraced(function* (results: string) {
  const store = yield* storeOf(results)
  const summary = Option.getOrThrow(yield* (yield* store.experiment("stacked")).summary)
  return yield* Effect.forEach(summary.runs, (row) =>
    Effect.gen(function* () {
      const { manifest, run } = Option.getOrThrow(yield* store.find(row.id))
      const paths = yield* Effect.promise(() => filesOf(run.directory))
      return {
        row,
        manifest,
        history: yield* run.history,
        checkpoint: yield* run.checkpoint,
        best: yield* run.best,
        // Which earlier checkpoints there are depends on when they were due.
        files: paths.filter((path) => !isLeftOver(path) && !path.startsWith("checkpoints"))
      }
    })
  )
})
type Left = Effect.Success<ReturnType<typeof left>>[number]

/** The sweep's runs, trained with at most `stack` of them as one program; failed runs are a part of the result. */
const trained = Effect.fnUntraced(function* (
  swept: Experiment.Experiment<any>,
  stack: number,
  options: Parameters<typeof runExperiment>[2] = {}
) {
  const results = yield* temporaryFolder
  const exit = yield* Effect.exit(runExperiment(swept, results, { ...options, stack }))
  if (Exit.isFailure(exit)) assert.match(String(Cause.squash(exit.cause)), /runs failed/)
  return yield* left(results)
})

/** Fails unless a run has the same files and, to 1e-4, the same numbers. */
const assertSame = (actual: Left, expected: Left): void => {
  assert.strictEqual(actual.row.id, expected.row.id)
  assert.strictEqual(actual.row.status, expected.row.status)
  assert.deepStrictEqual(actual.files, expected.files)
  assert.strictEqual(actual.history.length, expected.history.length)
  for (const [index, { epoch, metrics, step }] of expected.history.entries()) {
    const line = actual.history[index]!
    assert.deepStrictEqual([line.epoch, line.step], [epoch, step])
    assertClose(Object.values(line.metrics), Object.values(metrics), 1e-4, `epoch ${epoch}`)
  }
  assertClose(Object.values(actual.row.metrics), Object.values(expected.row.metrics), 1e-4, "metrics")
  for (const kind of ["checkpoint", "best"] as const) {
    const [now, then] = [actual, expected].map((run): Pick<Checkpoint, "epoch" | "step" | "tensors"> =>
      kind === "best" ? Option.getOrThrow(run.best) : Option.getOrThrow(run.checkpoint)
    ) as [BestCheckpoint, BestCheckpoint]
    assert.deepStrictEqual([now.epoch, now.step], [then.epoch, then.step])
    for (const [name, { values }] of Object.entries(then.tensors)) {
      assertClose([...now.tensors[name]!.values], [...values], 1e-4, name)
    }
  }
}

const stackOf = ({ manifest }: Left) => manifest.engine["stack"]

const sameAsAlone = (axes: Parameters<typeof grid>[0], options: Parameters<typeof runExperiment>[2] = {}) =>
  it.effect("each has the identity, files and numbers of the run alone", () =>
    Effect.gen(function* () {
      const swept = grid(axes, [1, 2])
      const together = yield* trained(swept, 99, options)
      const apart = yield* trained(swept, 1, options)
      assert.isAbove(together.length, 1)
      together.forEach((run, index) => {
        assert.strictEqual(stackOf(run), together.length)
        assert.isUndefined(stackOf(apart[index]!))
        assertSame(run, apart[index]!)
      })
    })
  )

const contract = (engine?: Layer.Layer<Engine, EngineError>) => {
  const options = engine === undefined ? {} : { engine }

  sameAsAlone({ beta: [1, 4], learningRate: [1e-2, 3e-3] }, options)

  it.effect("one that diverges fails alone, at its own step", () =>
    Effect.gen(function* () {
      const swept = grid({ explosion: [0, 1e30, 0.5] })
      const together = yield* trained(swept, 3, options)
      const apart = yield* trained(swept, 1, options)
      assert.deepStrictEqual(
        together.map(({ row }) => row.status),
        ["done", "failed", "done"]
      )
      assertSame(together[0]!, apart[0]!)
      assertSame(together[2]!, apart[2]!)
      const [now, then] = [together[1]!, apart[1]!]
      assert.strictEqual(now.manifest.exit?.error, "DivergenceError")
      for (const field of ["epoch", "step", "checkpoint"] as const) {
        assert.strictEqual(now.manifest.exit?.[field], then.manifest.exit?.[field])
      }
      assert.deepStrictEqual(now.files, then.files)
    })
  )

  it.effect("one that is stopped early, or shorter, does not stop the others", () =>
    Effect.gen(function* () {
      const swept = grid({ learningRate: [1e-3, 0.5], patience: [2], epochs: [3, 8] })
      const together = yield* trained(swept, 4, options)
      const apart = yield* trained(swept, 1, options)
      const lengths = together.map(({ history }) => history.length)
      assert.isAbove(new Set(lengths).size, 1, String(lengths))
      together.forEach((run, index) => assertSame(run, apart[index]!))
    })
  )
}

describe("runs that are trained as one program", () => {
  contract()

  it.effect("go on after an interrupt, from steps of their own", () =>
    Effect.gen(function* () {
      const swept = grid({ beta: [1, 4, 2] })
      const results = yield* temporaryFolder
      const lines = makeLines()
      // Steps are read together: there may be one update per epoch only.
      let updates = 0
      lines.afterStep = () => ((updates += 1) === 5 ? Effect.interrupt : Effect.void)
      yield* Effect.exit(runExperiment(swept, results, { stack: 3, lines }))
      const store = yield* storeOf(results)
      const runs = yield* plan(swept, (dataset) => dataset.locate).pipe(Effect.provide(platform))
      const manifests = yield* Effect.forEach(runs, ({ id }) => store.find(id))
      assert.isTrue(manifests.every((found) => Option.getOrThrow(found).manifest.status !== "done"))
      yield* runExperiment(swept, results, { stack: 3 })
      const apart = yield* trained(swept, 1)
      for (const [index, run] of (yield* left(results)).entries()) {
        assertSame(run, apart[index]!)
        assert.isAbove(run.manifest.fromStep ?? 0, 0)
      }
    })
  )

  it(
    "go on after kill -9",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "effect-vae-stack-"))
      const args = ["--engine", "onnxruntime", "--stack", "2", "--epochs", "30"]
      const whole = await exp(file, join(folder, "whole"), args)
      assert.strictEqual(whole.code, 0, whole.output)
      assert.include(whole.output, "epoch 30/30")
      const expected = await Effect.runPromise(left(join(folder, "whole")))
      for (let round = 0; round < amount(1, 20); round++) {
        const results = join(folder, `round-${round}`)
        let killed = 0
        for (const epochs of [4, 17]) {
          const ended = await exp(file, results, [...args, "--checkpoint-every", "0.02s"], {
            onOutput: (output, kill) => {
              if (output.includes(`epoch ${epochs + (round % 3)}/30`)) kill("SIGKILL")
            }
          })
          killed += ended.signal === "SIGKILL" ? 1 : 0
        }
        assert.strictEqual(killed, 2)
        const ended = await exp(file, results, args)
        assert.strictEqual(ended.code, 0, ended.output)
        const runs = await Effect.runPromise(left(results))
        runs.forEach((run, index) => assertSame(run, expected[index]!))
        for (const { manifest } of runs) {
          assert.strictEqual(manifest.earlier?.length, 2)
          assert.strictEqual(manifest.engine["stack"], 2)
        }
      }
      await rm(folder, { recursive: true, force: true })
    },
    amount(3, 30) * 60_000
  )

  it.effect("a plan says which they are", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const args = ["--plan", "--engine", "onnxruntime", "--beta", "0,1,4", "--stack"]
      const planned = yield* Effect.promise(() => exp(file, results, [...args, "2"]))
      assert.include(planned.output, "trained as 2 programs on OnnxRuntime:\n  beta=0 (alone)\n  beta=1, beta=4\n")
    })
  )
})

describe("the size of a stack", () => {
  const flags = { stack: "auto", jobs: "1", cluster: Option.none<string>() }
  const sizeOf = (given: Partial<typeof flags>) => stackSize({ ...flags, ...given } as CommonFlags)

  it.effect("is what is asked for, in one process", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* sizeOf({}), "auto")
      assert.strictEqual(yield* sizeOf({ stack: "16" }), 16)
      assert.strictEqual(yield* sizeOf({ stack: "1", jobs: "2" }), 1)
      for (const [given, reason] of [
        [{ stack: "0" }, "--stack 0: give an integer from 1"],
        [{ stack: "2", jobs: "2" }, "--jobs in several"],
        [{ stack: "2", cluster: Option.some("postgres://a@b/c") }, "--cluster in several"]
      ] as const) {
        assert.include((yield* Effect.flip(sizeOf(given))).reason, reason)
      }
    })
  )

  it("is large on accelerators only, where nothing is asked for", () => {
    assert.strictEqual(Stacks.sizeFor("auto", { _tag: "Xla", device: "cuda" }), Stacks.defaultSize)
    assert.strictEqual(Stacks.sizeFor("auto", { _tag: "Xla", device: "cpu" }), 1)
    assert.strictEqual(Stacks.sizeFor("auto", { _tag: "Native", device: "cpu" }), 1)
    assert.strictEqual(Stacks.sizeFor(4, { _tag: "Native", device: "cpu" }), 4)
  })
})

describe("groups of runs", () => {
  const groupsOf = Effect.fnUntraced(function* (swept: Experiment.Experiment<any>, most: number) {
    const runs = yield* plan(swept, (dataset) => dataset.locate).pipe(Effect.provide(platform))
    const groups = yield* Stacks.group(
      runs.map((planned) => ({ planned })),
      most
    )
    return groups.map((members) => members.map(({ planned }) => planned.label))
  })

  it.effect("have equal graphs: other networks and a term that is left out are apart", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* groupsOf(grid({ beta: [0, 1, 4], hidden: [8, 16] }), 99), [
        ["beta=0 hidden=8"],
        ["beta=0 hidden=16"],
        ["beta=1 hidden=8", "beta=4 hidden=8"],
        ["beta=1 hidden=16", "beta=4 hidden=16"]
      ])
    })
  )

  it.effect("have at most so many runs, and seeds are numbers", () =>
    Effect.gen(function* () {
      const groups = yield* groupsOf(grid({ beta: [1, 4] }, [1, 2, 3]), 4)
      assert.deepStrictEqual(
        groups.map(({ length }) => length),
        [4, 2]
      )
      assert.deepStrictEqual(yield* groupsOf(grid({ beta: [1, 4] }), 1), [["beta=1"], ["beta=4"]])
    })
  )
})

describe("runs that are trained as one program by XLA", needs(xlaPlugin), () => {
  const engine = Xla.layer({ device: "cpu", plugin: xlaPlugin.value ?? "" })
  if (isLong) contract(engine)
  else sameAsAlone({ epochs: [2] }, { engine })
})
