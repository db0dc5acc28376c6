/**
 * What becomes of a run whose process was killed after its last epoch, and whose files were then damaged in all ways: the
 * same command comes to the same bits, and says what it could not use.
 */
import { rm } from "node:fs/promises"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FileSystem, Logger, Option, Path } from "effect"
import { Experiment } from "../../../src/index.ts"
import * as Native from "../../../src/core/engines/Native.ts"
import * as OnnxRuntime from "../../../src/core/engines/OnnxRuntime.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import * as Checkpoint from "../../../src/pipelines/store/Checkpoint.ts"
import type { Manifest } from "../../../src/pipelines/store/Manifest.ts"
import { evaluators } from "../../../src/pipelines/inspection/RunSnapshot.ts"
import * as Run from "../../../src/pipelines/store/Run.ts"
import { needs } from "../../machine/Capability.ts"
import { machineCode } from "../../machine/MachineCode.ts"
import { keepUntil } from "../InterruptedTraining.ts"
import { Curves, experiment, makeLines, platform, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"

/** One run of three epochs with four steps each. */
const single = experiment().pipe(Experiment.override<any>([{ beta: 1 }], ["beta"]))

/** The run's folder, to be written to by others than its owner. */
const runOf = Effect.fnUntraced(function* (results: string) {
  const folder = yield* (yield* storeOf(results)).experiment("small")
  const [row] = Option.getOrThrow(yield* folder.summary).runs
  return yield* Run.make("small", row!.id, (yield* Path.Path).join(folder.directory, row!.id))
}, Effect.provide(platform))

const manifestOf = (run: Run.Run): Effect.Effect<Manifest, unknown> => Effect.map(run.manifest, Option.getOrThrow)

/** Everything that a run is, without what belongs to one process. */
const leftBy = Effect.fnUntraced(function* (run: Run.Run) {
  const history = (yield* run.history).map(({ epoch, metrics, step }) => ({ epoch, metrics, step }))
  return {
    history,
    checkpoint: yield* run.checkpoint,
    best: yield* run.best,
    summary: yield* run.summary
  }
})

let template: string | undefined
afterAll(() => (template === undefined ? undefined : rm(template, { recursive: true })))

/** A run that was killed just before its manifest said that it is done; its checkpoints are those of steps 8 and 12. */
const killed = Effect.fnUntraced(function* (results: string) {
  const fs = yield* FileSystem.FileSystem
  if (template === undefined) {
    const folder = yield* fs.makeTempDirectory({ prefix: "resume-" })
    yield* runExperiment(single, folder, { checkpointEvery: { epochs: 1 } })
    template = folder
  }
  yield* fs.copy(template, results)
  const run = yield* runOf(results)
  const { ended: _ended, ...manifest } = yield* manifestOf(run)
  yield* run.writeManifest({ ...manifest, status: "running" })
  return run
})

/** Gives the command again; what it logs, and the number of epochs that it trains. */
const again = Effect.fnUntraced(function* (results: string, options: Parameters<typeof runExperiment>[2] = {}) {
  const logged: Array<string> = []
  const logger = Logger.layer([Logger.make(({ logLevel, message }) => void logged.push(`${logLevel} ${message}`))])
  const lines = makeLines()
  yield* runExperiment(single, results, { ...options, lines }).pipe(Effect.provide(logger))
  return { logged, epochs: lines.printed.filter((line) => line.startsWith("epoch")).length }
})

type Damage = (run: Run.Run) => Effect.Effect<void, unknown, FileSystem.FileSystem | Path.Path>

const changing =
  (name: string, change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array): Damage =>
  (run) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = (yield* Path.Path).join(run.directory, name)
      yield* fs.writeFile(path, change(new Uint8Array(yield* fs.readFile(path))))
    })

const removing =
  (name: string): Damage =>
  (run) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      yield* fs.remove((yield* Path.Path).join(run.directory, name), { recursive: true })
    })

const cut = (bytes: Uint8Array<ArrayBuffer>) => bytes.subarray(0, bytes.length - 1)
const altered = (bytes: Uint8Array<ArrayBuffer>) =>
  bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte))
const checkpoint = (step: number) => `checkpoints/${Checkpoint.fileName(step)}`
const withLines = (change: (lines: Array<string>) => ReadonlyArray<string>) => (bytes: Uint8Array) =>
  new TextEncoder().encode(`${change(new TextDecoder().decode(bytes).trimEnd().split("\n")).join("\n")}\n`)

/** Damages, the epochs that must be trained again, and what is said. */
const cases: ReadonlyArray<readonly [string, ReadonlyArray<Damage>, epochs: number, ReadonlyArray<RegExp>]> = [
  ["nothing", [], 0, [/^Info run \w+ was killed and resumes from step 12$/]],
  [
    "a cut newest checkpoint",
    [changing(checkpoint(12), cut)],
    1,
    [/^Warn A checkpoint is skipped\..*step-0000000012/, /was killed and resumes from step 8$/]
  ],
  [
    "an altered newest checkpoint",
    [changing(checkpoint(12), altered)],
    1,
    [/^Warn A checkpoint is skipped\. .*digest/, /resumes from step 8$/]
  ],
  [
    "two damaged checkpoints",
    [changing(checkpoint(12), cut), changing(checkpoint(8), altered)],
    3,
    [/step-0000000012/, /step-0000000008/, /^Warn run \w+ was killed and restarts/]
  ],
  ["no checkpoint", [removing("checkpoints")], 3, [/^Warn run \w+ was killed and restarts/]],
  [
    "a history without its last line",
    [
      changing(
        "metrics.ndjson",
        withLines((lines) => lines.slice(0, 2))
      )
    ],
    1,
    [/saved after epoch 3, and the history has 2 epochs/, /resumes from step 8$/]
  ],
  ["no history", [removing("metrics.ndjson")], 3, [/the history has 0 epochs/, /restarts/]],
  [
    "a history with a line in the middle that is damaged",
    [
      changing(
        "metrics.ndjson",
        withLines(([first, second, third]) => [first!, second!.slice(1), third!])
      )
    ],
    3,
    [/^Warn run \w+: the history is used up to epoch 1\. .*line 2/, /restarts/]
  ],
  [
    "a half-written line",
    [changing("metrics.ndjson", (bytes) => bytes.subarray(0, bytes.length - 5))],
    1,
    [/the history has 2 epochs/, /resumes from step 8$/]
  ],
  ["no best checkpoint", [removing("checkpoints/best.safetensors"), removing(checkpoint(12))], 1, [/from step 8$/]],
  ["no summary", [removing("summary.json")], 0, [/from step 12$/]]
]

describe("a run that was killed", () => {
  for (const [name, damages, epochs, said] of cases) {
    it.effect(`and left ${name} resumes to the same bits`, () =>
      Effect.gen(function* () {
        const results = yield* temporaryFolder
        const run = yield* killed(results)
        const expected = yield* leftBy(run)
        yield* Effect.forEach(damages, (damage) => damage(run))
        const { epochs: trained, logged } = yield* again(results)
        assert.strictEqual(trained, epochs)
        for (const words of said) {
          assert.isTrue(
            logged.some((line) => words.test(line)),
            `${words} in ${logged.join("\n")}`
          )
        }
        assert.deepStrictEqual(yield* leftBy(run), expected)
        assert.strictEqual((yield* manifestOf(run)).status, "done")
      }).pipe(Effect.provide(platform))
    )
  }

  it.effect("does not resume from another model's tensors, or from an impossible step", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const run = yield* killed(results)
      const expected = yield* leftBy(run)
      const found = Option.getOrThrow(yield* run.checkpoint)
      const [[name, tensor]] = Object.entries(found.tensors) as [[string, (typeof found.tensors)[string]]]
      yield* run.saveCheckpoint({ ...found, step: 13, tensors: { ...found.tensors, "parameters/other": tensor } })
      yield* run.saveCheckpoint({
        ...found,
        step: 14,
        tensors: { ...found.tensors, [name]: { ...tensor, shape: [tensor.values.length, 1] } }
      })
      const one = yield* again(results)
      assert.strictEqual(one.logged.filter((line) => /its tensors are not those of the model/.test(line)).length, 2)
      assert.deepStrictEqual(yield* leftBy(run), expected)
      const { ended: _ended, ...manifest } = yield* manifestOf(run)
      yield* run.writeManifest({ ...manifest, status: "running" })
      yield* run.saveCheckpoint({ ...found, step: 99 })
      const other = yield* again(results)
      assert.isTrue(other.logged.some((line) => /step 99 is not in the epoch after epoch 3 of 3/.test(line)))
      assert.deepStrictEqual(yield* leftBy(run), expected)
    }).pipe(Effect.provide(platform))
  )

  it.effect("does not resume from the best checkpoint, and finds the best again", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const run = yield* killed(results)
      const best = Option.getOrThrow(yield* run.best)
      const losses = (yield* run.history).map(({ metrics }) => metrics["test/loss"]!)
      assert.strictEqual(best.loss, Math.min(...losses))
      assert.strictEqual(best.epoch, losses.indexOf(best.loss) + 1)
      assert.strictEqual(best.step, best.epoch * 4)
      yield* removing(checkpoint(12))(run)
      yield* removing(checkpoint(8))(run)
      const { epochs } = yield* again(results)
      assert.strictEqual(epochs, 3)
      assert.deepStrictEqual(yield* run.best, Option.some(best))
    }).pipe(Effect.provide(platform))
  )
})

describe("a resumed run", () => {
  it.effect(
    "on the native engine gives the same bits",
    () =>
      Effect.gen(function* () {
        const options = { engine: Native.layer({ threads: 2 }), checkpointEvery: { epochs: 1 } } as const
        const [straight, interrupted] = [yield* temporaryFolder, yield* temporaryFolder]
        yield* runExperiment(single, straight, options)
        yield* keepUntil(single, interrupted, 6, options)
        yield* again(interrupted, options)
        assert.deepStrictEqual(yield* leftBy(yield* runOf(interrupted)), yield* leftBy(yield* runOf(straight)))
      }),
    needs(machineCode)
  )

  it.effect("on another engine warns and records both", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* keepUntil(single, results, 6)
      const { logged } = yield* again(results, { engine: OnnxRuntime.layer({ threads: 1 }) })
      const warning = logged.find((line) => line.startsWith("Warn"))
      const run = yield* runOf(results)
      const manifest = yield* manifestOf(run)
      assert.strictEqual(manifest.earlier?.length, 1)
      const [first] = manifest.earlier!
      assert.strictEqual(manifest.engine["threads"], 1)
      assert.strictEqual(manifest.fromStep, 6)
      assert.strictEqual(first!.fromStep, 0)
      assert.strictEqual(first!.status, "interrupted")
      assert.isDefined(first!.ended)
      if (first!.engine["threads"] === 1) return assert.isUndefined(warning)
      assert.match(warning ?? "", /run \w+ resumes under other conditions.*engine\.threads is \d+ before, 1 now/)
    })
  )

  it.effect("on another engine starts again where exact asks for one engine, and leaves that engine's bits", () =>
    Effect.gen(function* () {
      const [straight, mixed] = [yield* temporaryFolder, yield* temporaryFolder]
      const other = { engine: Reference.layer, exact: true } as const
      yield* runExperiment(single, straight, other)
      yield* keepUntil(single, mixed, 6)
      const { epochs, logged } = yield* again(mixed, other)
      assert.strictEqual(epochs, 3)
      assert.isTrue(
        logged.some((line) =>
          /^Warn run \w+ starts again, because --exact .*engine\._tag is OnnxRuntime before, Reference now/.test(line)
        ),
        logged.join("\n")
      )
      const run = yield* runOf(mixed)
      assert.deepStrictEqual(yield* leftBy(run), yield* leftBy(yield* runOf(straight)))
      const manifest = yield* manifestOf(run)
      assert.notProperty(manifest, "earlier")
      assert.deepStrictEqual([manifest.fromStep, manifest.engine["_tag"]], [0, "Reference"])
    })
  )

  it.effect("on the same engine with other threads resumes where exact asks for one engine", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* keepUntil(single, results, 6, { engine: OnnxRuntime.layer({ threads: 2 }) })
      yield* again(results, { engine: OnnxRuntime.layer({ threads: 1 }), exact: true })
      const manifest = yield* manifestOf(yield* runOf(results))
      assert.deepStrictEqual([manifest.fromStep, manifest.earlier?.length], [6, 1])
    })
  )

  it.effect("in the same environment is silent, and each process has a segment", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      // The second process takes two steps more; the third is stopped before it has taken one.
      for (const steps of [5, 2]) yield* keepUntil(single, results, steps)
      const { logged } = yield* again(results)
      assert.deepStrictEqual(
        logged.filter((line) => line.startsWith("Warn")),
        []
      )
      const manifest = yield* manifestOf(yield* runOf(results))
      assert.deepStrictEqual(
        manifest.earlier?.map(({ fromStep, status }) => [fromStep, status]),
        [
          [0, "interrupted"],
          [5, "interrupted"]
        ]
      )
      assert.strictEqual(manifest.fromStep, 7)
    })
  )

  it.effect("from the beginning has one segment", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      const run = yield* killed(results)
      yield* removing("checkpoints")(run)
      yield* again(results)
      const manifest = yield* manifestOf(run)
      assert.notProperty(manifest, "earlier")
      assert.strictEqual(manifest.fromStep, 0)
    }).pipe(Effect.provide(platform))
  )
})

describe("a finished run", () => {
  const evaluatedToo = (results: string, options: Parameters<typeof runExperiment>[2] = {}) =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const logger = Logger.layer([Logger.make(({ logLevel, message }) => void logged.push(`${logLevel} ${message}`))])
      const more = experiment(Curves()).pipe(Experiment.override<any>([{ beta: 1 }], ["beta"]))
      const exit = yield* Effect.exit(runExperiment(more, results, options).pipe(Effect.provide(logger)))
      return { exit, logged }
    })

  it.effect("is not evaluated at an earlier epoch if the last checkpoint is damaged", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* killed(results)
      yield* again(results)
      const run = yield* runOf(results)
      yield* changing(checkpoint(12), cut)(run)
      const { exit, logged } = yield* evaluatedToo(results)
      assert.isTrue(Exit.isFailure(exit))
      const said = logged.find((line) => line.startsWith("Error")) ?? ""
      assert.match(said, /the checkpoint of epoch 3, this finished run's last, cannot be read.*--force/)
    }).pipe(Effect.provide(platform))
  )

  it.effect("warns about an evaluation on another engine, and records the engine", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* killed(results)
      yield* again(results)
      const run = yield* runOf(results)
      const manifest = yield* manifestOf(run)
      yield* run.writeManifest({ ...manifest, engine: { ...manifest.engine, threads: 77 } })
      const { exit, logged } = yield* evaluatedToo(results)
      assert.isTrue(Exit.isSuccess(exit))
      assert.isTrue(
        logged.some((line) =>
          /^Warn .* is evaluated under other conditions.*engine\.threads is 77 before, \d+ now/.test(line)
        )
      )
      const found = yield* Effect.forEach(yield* evaluators(run.directory), (id) => run.evaluation(id))
      assert.deepStrictEqual(
        found.map((result) => Option.getOrThrow(result).engine?.["_tag"]),
        ["OnnxRuntime", "OnnxRuntime"]
      )
    }).pipe(Effect.provide(platform))
  )
})
