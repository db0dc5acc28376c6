/**
 * `exp NAME`: plans, trains missing runs, evaluates, reports. Its flags are derived from the experiment's parameters.
 */
import { Effect, Layer, Option, type Stdio } from "effect"
import { Command } from "effect/cli"
import type { ChildProcessSpawner } from "effect/process"
import { DataDirectories, type DatasetPlatform } from "../../core/Dataset.ts"
import type { EngineError } from "../../core/Engine.ts"
import type { Experiment } from "../../core/Experiment.ts"
import * as Address from "../cluster/Address.ts"
import * as RunExecutor from "../sweep/RunExecutor.ts"
import * as Catalogue from "../inspection/Catalogue.ts"
import * as Cluster from "../cluster/Cluster.ts"
import * as ClusterExecutor from "../cluster/ClusterExecutor.ts"
import type { ClusterError } from "../cluster/ClusterError.ts"
import * as ChooseEngine from "../training/ChooseEngine.ts"
import { printPlan } from "../sweep/PrintPlan.ts"
import {
  engineRequest,
  type CommonFlags,
  commonFlags,
  dataDirectory,
  jobCount,
  parameterFlags,
  portNumber,
  runOptions,
  stackSize,
  withFlags
} from "./Flags.ts"
import * as WorkerPool from "../sweep/WorkerPool.ts"
import { plan } from "../plan/Plan.ts"
import * as Progress from "../console/Progress.ts"
import { quickVersion } from "../plan/Quick.ts"
import * as RunExperiment from "../sweep/RunExperiment.ts"
import * as Serve from "../report/Serve.ts"
import * as RunStore from "../store/RunStore.ts"
import * as RunDescription from "../plan/RunDescription.ts"
import { UsageError } from "../console/UsageError.ts"
import type { StoreError } from "../files/StoreError.ts"
import * as Worker from "../sweep/Worker.ts"

/**
 * Plans or runs an experiment. `args` are the command line's arguments, with which child processes are started.
 */
export const run = Effect.fn("Run.perform")(function* (
  experiment: Experiment<any>,
  flags: CommonFlags & Readonly<Record<string, unknown>>,
  args: ReadonlyArray<string>
) {
  const options = yield* runOptions(flags)
  const mostJobs = yield* jobCount(flags)
  const stack = yield* stackSize(flags)
  const port = yield* portNumber(flags)
  const chosen = yield* engineRequest(flags)
  yield* Catalogue.checkUsable(flags.results)
  const swept = yield* withFlags(flags.quick ? quickVersion(experiment) : experiment, flags)
  const directories = Layer.succeed(DataDirectories, {
    dataDirectory: yield* dataDirectory(flags.dataDir),
    cacheDirectory: undefined
  })
  const store = RunStore.layer(flags.results)
  const engine = ChooseEngine.layer(chosen).pipe(Layer.provideMerge(Progress.layer))
  if (flags.plan) return yield* printPlan(swept, stack).pipe(Effect.provide([directories, store, engine]))
  const runs = yield* plan(swept, (dataset) => dataset.locate).pipe(Effect.provide(directories))
  const threads = yield* Worker.threads
  if (Option.isSome(threads)) {
    const inWorker = ChooseEngine.layer(chosen, threads.value).pipe(
      Layer.provideMerge(Worker.progress),
      Layer.provideMerge(Worker.parent)
    )
    return yield* Worker.serve(runs, options).pipe(
      Effect.provide(RunExecutor.layer.pipe(Layer.provideMerge([directories, store, inWorker])))
    )
  }
  const address = yield* Address.resolve(flags.cluster)
  if (Option.isSome(address) && (flags.force || flags.failFast)) {
    return yield* new UsageError({
      reason: "--force and --fail-fast are for runs on this machine; leave them out, or leave out --cluster"
    })
  }
  const onCluster = (address: Address.Address, file: string) =>
    ClusterExecutor.layer({ experiment: swept.name, runs, file, exact: options.exact }).pipe(
      Layer.provide(Cluster.layer(address, flags.artifacts)),
      Layer.provideMerge(Progress.layer)
    )
  // At most one process per run, so that no cores stay unused.
  const jobs = Math.min(mostJobs, runs.length)
  const executor: Layer.Layer<
    RunExecutor.RunExecutor | Progress.Progress,
    ClusterError | EngineError | StoreError,
    ChildProcessSpawner.ChildProcessSpawner | DatasetPlatform | RunStore.RunStore | Stdio.Stdio
  > = Option.isSome(address)
    ? onCluster(address.value, yield* RunDescription.fileOf(args[0]!))
    : jobs <= 1
      ? RunExecutor.make({ stack }).pipe(Layer.provideMerge(engine))
      : WorkerPool.layer({ jobs, args }).pipe(Layer.provideMerge(Progress.layer))
  const run = RunExperiment.run(swept, runs, options)
  const watched = flags.watch ? watching(run, { experiment: swept, runs, port }) : run
  yield* watched.pipe(Effect.provide(executor.pipe(Layer.provideMerge([directories, store]))))
})

/** Serves the live report during training, and afterwards while a browser shows it. */
const watching = <A, E, R>(run: Effect.Effect<A, E, R>, options: Serve.ServeOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const progress = yield* Progress.Progress
      const { finish, untilLeft, url } = yield* Serve.serve(options)
      yield* progress.line(`live report: ${url}`)
      const exit = yield* Effect.exit(run)
      yield* finish
      yield* untilLeft
      return yield* exit
    })
  )

/** The command of one experiment. */
export const command = (experiment: Experiment<any>, args: ReadonlyArray<string>) =>
  Command.make(experiment.name, { ...commonFlags, ...parameterFlags(experiment) }, (flags) =>
    run(experiment, flags, args)
  ).pipe(Command.withDescription(experiment.description))
