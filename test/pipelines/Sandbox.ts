/**
 * What tests of whole sweeps need: a small experiment on synthetic images, a temporary results folder, captured lines.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer } from "effect"
import type { Engine, EngineError } from "../../src/core/Engine.ts"
import * as OnnxRuntime from "../../src/core/engines/OnnxRuntime.ts"
import type { Evaluator } from "../../src/core/Evaluation.ts"
import {
  Adam,
  BetaElbo,
  Curves,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  Parameter,
  Synthetic,
  Training
} from "../../src/index.ts"
import * as RunExecutor from "../../src/pipelines/sweep/RunExecutor.ts"
import { plan } from "../../src/pipelines/plan/Plan.ts"
import { type ProgressBar, Progress } from "../../src/pipelines/console/Progress.ts"
import * as RunExperiment from "../../src/pipelines/sweep/RunExperiment.ts"
import { RunStore } from "../../src/pipelines/store/RunStore.ts"
import * as Store from "../../src/pipelines/store/RunStore.ts"
import { withoutGit } from "./WithoutGit.ts"

/** A sweep of small runs: 100 training images in batches of 32, so that the last batch is short. */
export const experiment = (...more: ReadonlyArray<Evaluator>) =>
  Experiment.make("small", {
    description: "A small sweep.",
    parameters: {
      beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }),
      epochs: Parameter.PositiveInt({ default: 3, description: "passes over the training images" }),
      learningRate: Parameter.Positive({ default: 1e-2, description: "Adam's step size" })
    },
    run: ({ beta, epochs, learningRate }) => ({
      dataset: Synthetic.layer({ train: 100, test: 30 }),
      model: DenseVae.layer({ hidden: [16], latent: 2 }),
      objective: BetaElbo.layer({ beta }),
      training: Training.layer({ epochs, batchSize: 32, optimizer: Adam({ learningRate }) }),
      evaluation: Evaluation.layer(ElboTerms(), ...more)
    })
  }).pipe(Experiment.grid({ beta: [0, 4] }))

export { Curves }

/** Lines that a sweep prints. */
export interface Lines {
  readonly printed: Array<string>
  /** Runs after each epoch, with the number of epochs so far; may interrupt. */
  afterEpoch: (count: number) => Effect.Effect<void>
  /** Runs after each step; may interrupt. */
  afterStep: () => Effect.Effect<void>
}

export const makeLines = (): Lines => ({ printed: [], afterEpoch: () => Effect.void, afterStep: () => Effect.void })

const progress = (lines: Lines): Layer.Layer<Progress> => {
  let epochs = 0
  const lane: ProgressBar = {
    update: () => Effect.suspend(lines.afterStep),
    epoch: (_, summary) =>
      Effect.suspend(() => {
        lines.printed.push(`epoch: ${summary}`)
        epochs += 1
        return lines.afterEpoch(epochs)
      }),
    note: () => Effect.void,
    line: (text) => Effect.sync(() => lines.printed.push(text))
  }
  return Layer.succeed(Progress, { ...lane, bar: Effect.succeed(lane) })
}

export const engine: Layer.Layer<Engine, EngineError> = OnnxRuntime.layer()

/** Runs an experiment as the command line does. */
export const runExperiment = (
  swept: Experiment.Experiment<any>,
  results: string,
  options: Partial<RunExperiment.RunOptions> & {
    readonly lines?: Lines
    readonly engine?: Layer.Layer<Engine, EngineError>
    /** Runs that train as one program; default: 1. */
    readonly stack?: number
  } = {}
) =>
  Effect.gen(function* () {
    const runs = yield* plan(swept, (dataset) => dataset.locate)
    yield* RunExperiment.run(swept, runs, { force: false, failFast: false, ...options })
  }).pipe(
    Effect.provide(
      RunExecutor.make({ stack: options.stack ?? 1 }).pipe(
        Layer.provideMerge([options.engine ?? engine, Store.layer(results), progress(options.lines ?? makeLines())])
      )
    ),
    Effect.provide(platform)
  )

export const platform = Layer.merge(withoutGit.pipe(Layer.provideMerge(NodeServices.layer)), NodeHttpClient.layerUndici)

/** The store of a results folder. */
export const storeOf = (results: string): Effect.Effect<RunStore["Service"]> =>
  Effect.provide(RunStore.use(Effect.succeed), Store.layer(results).pipe(Layer.provide(platform)))

/** A folder that is gone with the scope. */
export const temporaryFolder = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()).pipe(
  Effect.provide(platform),
  Effect.orDie
)
