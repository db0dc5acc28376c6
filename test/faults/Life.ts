/**
 * A small whole run as a process makes it, in a file system and by a clock that tests choose: planned, trained for two epochs,
 * evaluated, reported.
 *
 * Each life is a process of its own for those that come after: its claim to the run is a dead process's.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Clock, Effect, Exit, FileSystem, Layer, Logger, Option, Path } from "effect"
import { Engine } from "../../src/core/Engine.ts"
import * as OnnxRuntime from "../../src/core/engines/OnnxRuntime.ts"
import {
  Adam,
  BetaElbo,
  Curves,
  DenseVae,
  ElboTerms,
  epochs,
  Evaluation,
  Experiment,
  ReconstructionsOverTraining,
  Synthetic,
  Training
} from "../../src/index.ts"
import * as RunExecutor from "../../src/pipelines/sweep/RunExecutor.ts"
import * as ModelFolder from "../../src/pipelines/store/ModelFolder.ts"
import { plan } from "../../src/pipelines/plan/Plan.ts"
import { withoutGit } from "../pipelines/WithoutGit.ts"
import type { CheckpointInterval } from "../../src/pipelines/training/CheckpointInterval.ts"
import { type ProgressBar, Progress, type TrainingProgress } from "../../src/pipelines/console/Progress.ts"
import * as Run from "../../src/pipelines/store/Run.ts"
import * as RunExperiment from "../../src/pipelines/sweep/RunExperiment.ts"
import * as RunStore from "../../src/pipelines/store/RunStore.ts"
import { whatIsLeft } from "../pipelines/Command.ts"

export const experiment = Experiment.make("small", {
  description: "A small run to be broken.",
  parameters: {},
  run: () => ({
    dataset: Synthetic.layer({ train: 12, test: 6 }),
    model: DenseVae.layer({ hidden: [4], latent: 2 }),
    objective: BetaElbo.layer({ beta: 1 }),
    // Two whole batches and a short one an epoch.
    training: Training.layer({ epochs: 2, batchSize: 5, optimizer: Adam({ learningRate: 1e-2 }) }),
    evaluation: Evaluation.layer(ElboTerms(), Curves(), ReconstructionsOverTraining({ every: epochs(1) }))
  })
})

export const platform = Layer.mergeAll(
  withoutGit.pipe(Layer.provideMerge(NodeServices.layer)),
  NodeHttpClient.layerUndici,
  OnnxRuntime.layer()
)

/** A results folder in memory where the system has such a place, as thousands of writes wait for a disk. */
export const resultsFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(`${existsSync("/dev/shm") ? "/dev/shm" : tmpdir()}/effect-vae-faults-`)),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

let lives = 0

/** The file system, in which this process began at another moment than any before. */
const reborn = (fs: FileSystem.FileSystem): FileSystem.FileSystem => {
  const began = ++lives
  const fields = ["S", ...Array.from({ length: 18 }, () => "0"), String(began)].join(" ")
  return FileSystem.FileSystem.of({
    ...fs,
    readFileString: (path, encoding) =>
      path === `/proc/${process.pid}/stat`
        ? Effect.succeed(`${process.pid} (node) ${fields}`)
        : fs.readFileString(path, encoding)
  })
}

/** What a life came to, and what it said. */
export interface Lived {
  readonly exit: Exit.Exit<void, { readonly _tag: string; readonly message: string }>
  /** Lines that were printed or logged. */
  readonly said: ReadonlyArray<string>
  /** What progress showed after each step and each epoch. */
  readonly states: ReadonlyArray<TrainingProgress>
}

export interface Options {
  readonly fileSystem?: FileSystem.FileSystem
  readonly clock?: Clock.Clock
  readonly force?: boolean
  readonly experiment?: Experiment.Experiment<any>
  /** Default: at the end of each epoch, so that there are checkpoints to resume from. */
  readonly checkpointEvery?: CheckpointInterval
}

/** Runs the experiment in a results folder. */
export const live = Effect.fnUntraced(function* (results: string, options: Options = {}) {
  const said: Array<string> = []
  const say = (line: string) => Effect.sync(() => void said.push(line))
  const states: Array<TrainingProgress> = []
  const show = (state: TrainingProgress) => Effect.sync(() => void states.push(state))
  const bar: ProgressBar = {
    update: show,
    epoch: (state, line) => Effect.andThen(show(state), say(line)),
    note: () => Effect.void,
    line: say
  }
  const logger = Logger.make(({ message }) => void said.push([message].flat().map(String).join(" ")))
  const built = yield* Engine
  const services = RunExecutor.layer.pipe(
    Layer.provideMerge([
      Layer.succeed(Engine, built),
      RunStore.layer(results),
      Layer.succeed(Progress, { ...bar, bar: Effect.succeed(bar) })
    ])
  )
  const fileSystem = reborn(options.fileSystem ?? (yield* FileSystem.FileSystem))
  const swept = options.experiment ?? experiment
  const exit = yield* Effect.gen(function* () {
    const runs = yield* plan(swept, (dataset) => dataset.locate)
    yield* RunExperiment.run(swept, runs, {
      force: options.force ?? false,
      failFast: false,
      checkpointEvery: options.checkpointEvery ?? { epochs: 1 }
    })
  }).pipe(
    Effect.provide(services, { local: true }),
    Effect.provideService(FileSystem.FileSystem, fileSystem),
    options.clock === undefined ? (effect) => effect : Effect.provideService(Clock.Clock, options.clock),
    Effect.provide(Logger.layer([logger])),
    Effect.exit
  )
  const lived: Lived = { exit, said, states }
  return lived
})

export const assertDone = ({ exit, said }: Lived): void =>
  assert.isTrue(Exit.isSuccess(exit), Exit.isFailure(exit) ? `${String(exit.cause)}\n${said.join("\n")}` : "")

/** Everything that follows from the run alone, by path. */
export const left = (results: string) => Effect.promise(() => whatIsLeft(results))

/** The id of the experiment's one run, once it has a folder. */
export const runIdIn = Effect.fnUntraced(function* (results: string) {
  const fs = yield* FileSystem.FileSystem
  const names = yield* Effect.orElseSucceed(fs.readDirectory(`${results}/small`), (): Array<string> => [])
  return names.find((name) => /^[0-9a-f]{12}$/.test(name))
})

/** The experiment's run in a results folder, if it has a folder. */
export const runIn = Effect.fnUntraced(function* (results: string) {
  const { join } = yield* Path.Path
  const id = yield* runIdIn(results)
  return id === undefined ? undefined : yield* Run.make("small", id, join(results, "small", id))
})

/** Ids of the evaluators of which there are results. */
const evaluatorsOf = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const names = yield* Effect.orElseSucceed(fs.readDirectory(`${directory}/evaluations`), (): Array<string> => [])
  return names.flatMap((name) => /^([0-9a-f]{12})\.json$/.exec(name)?.[1] ?? [])
})

/**
 * Reads a results folder by all readers there are; none may fail, and what is written last must find what it vouches for.
 * Gives the run's status, or none where it has no manifest.
 */
export const assertReadable = Effect.fnUntraced(function* (results: string) {
  const store = yield* Effect.provide(RunStore.RunStore, RunStore.layer(results))
  const folder = yield* store.experiment("small")
  const summary = yield* folder.summary
  yield* folder.figures
  const run = yield* runIn(results)
  if (run === undefined) {
    const statuses = Option.isNone(summary) ? [] : summary.value.runs.map((row) => row.status)
    assert.notInclude(statuses, "done", "a run that is done without a folder")
    return undefined
  }
  const warnings: Array<unknown> = []
  const logger = Logger.make(({ message }) => void warnings.push(message))
  const status = yield* Effect.gen(function* () {
    const manifest = Option.getOrUndefined(yield* run.manifest)
    const history = yield* run.history
    assert.isTrue(Option.isNone((yield* run.readableHistory).fault))
    assert.deepStrictEqual(
      history.map(({ epoch }) => epoch),
      history.map((_, index) => index + 1)
    )
    const checkpoint = Option.getOrUndefined(yield* run.checkpoint)
    const best = Option.getOrUndefined(yield* run.best)
    assert.isAtMost(checkpoint?.epoch ?? 0, history.length)
    assert.isAtMost(best?.epoch ?? 0, history.length)
    const snapshots = yield* Effect.forEach([0, 1, 2], (epoch) => run.snapshot(epoch))
    assert.isTrue(snapshots.slice(1, history.length + 1).every(Option.isSome), "an epoch without its snapshot")
    const ended = Option.getOrUndefined(yield* run.summary)
    if (ended !== undefined) assert.strictEqual(ended.epoch, history.length)
    yield* run.figures
    for (const id of yield* evaluatorsOf(run.directory)) {
      assert.isTrue(Option.isSome(yield* run.evaluation(id)), "a result without its figures")
    }
    yield* ModelFolder.card(run.directory)
    if (manifest?.status === "done") {
      assert.isDefined(ended)
      assert.isTrue(history.length === 2 && checkpoint?.epoch === 2)
    }
    if (history.length > 0) assert.isDefined(manifest)
    return manifest?.status
  }).pipe(Effect.provide(Logger.layer([logger])))
  assert.deepStrictEqual(warnings, [], "something was passed over")
  if (Option.isSome(summary)) {
    for (const row of summary.value.runs) if (row.status === "done") assert.strictEqual(status, "done")
  }
  return status
})
