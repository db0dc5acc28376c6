/**
 * Runs a sweep: executes every run and reports the results.
 *
 * Laws: a failing run does not affect the others; whatever happens, the summary has the status of each run that was
 * started.
 */
import { pathToFileURL } from "node:url"
import { Clock, DateTime, Effect, Option, Runtime, Schema, Terminal } from "effect"
import type { Experiment } from "../../core/Experiment.ts"
import { RunExecutor } from "./RunExecutor.ts"
import { type CheckpointInterval, defaultInterval } from "../training/CheckpointInterval.ts"
import * as RunResult from "./RunResult.ts"
import * as ExecuteRun from "./ExecuteRun.ts"
import { runCount, type PlannedRun, dataSources } from "../plan/Plan.ts"
import { duration, Progress } from "../console/Progress.ts"
import { render } from "../figures/RenderFigure.ts"
import * as SweepFigures from "../figures/SweepFigures.ts"
import { type ExperimentFolder, RunStore } from "../store/RunStore.ts"
import { share } from "./ShareRuns.ts"
import type { SummaryRow } from "../store/SummaryRow.ts"
import * as SummaryTable from "../store/SummaryTable.ts"
import * as WriteReport from "../report/WriteReport.ts"

/** Some runs of a sweep failed; the summary says why. */
export class RunsFailed extends Schema.TaggedError<RunsFailed>()("RunsFailed", {
  failed: Schema.Int,
  runs: Schema.Int
}) {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `${this.failed} of ${this.runs} runs failed; see the reasons above`
  }
}

/** Writes the summary and the figures of the runs so far. */
const report = Effect.fnUntraced(function* (
  experiment: Experiment<any>,
  folder: ExperimentFolder,
  outcomes: ReadonlyArray<RunResult.RunResult>
) {
  yield* folder.writeSummary(outcomes.map(({ row }) => row))
  const reported = outcomes.flatMap((outcome) => (outcome.reported === undefined ? [] : [outcome.reported]))
  const pictures = yield* Effect.forEach(SweepFigures.figures(experiment.name, reported), (figure) =>
    Effect.map(render(figure), ({ png, svg }) => ({ figure, png, svg }))
  )
  if (pictures.length > 0) yield* folder.writeFigures(pictures)
})

/** Writes the page about the runs, and gives a line with its address, which a terminal opens at a click. */
const page = (experiment: Experiment<any>, runs: ReadonlyArray<PlannedRun>, rows: ReadonlyArray<SummaryRow>) =>
  WriteReport.write({ experiment, runs, rows }).pipe(
    Effect.map((path) => [`report: ${pathToFileURL(path).href}`]),
    // Metrics and figures do not depend on the report.
    Effect.catch((error) => Effect.as(Effect.logWarning(error.message), []))
  )

export interface RunOptions {
  /** Train finished runs again. */
  readonly force: boolean
  /** Stop at the first run that fails. */
  readonly failFast: boolean
  /** Default: every 30 seconds. */
  readonly checkpointEvery?: CheckpointInterval
  /** How often to retry a run whose engine or folder fails; default: 0. */
  readonly retries?: number
  /** Resume only what an engine with the same bits trained; default: false. */
  readonly exact?: boolean
}

/** Runs the planned runs of an experiment, as many at once as there are jobs, reports, and returns one row per run. */
export const run = Effect.fn("RunExperiment.run")(function* (
  experiment: Experiment<any>,
  runs: ReadonlyArray<PlannedRun>,
  { checkpointEvery, exact, failFast, force, retries }: RunOptions
) {
  const store = yield* RunStore
  const progress = yield* Progress
  const { jobs } = yield* RunExecutor
  const folder = yield* store.experiment(experiment.name)
  const started = yield* Clock.currentTimeMillis
  for (const source of dataSources(runs)) {
    yield* progress.line(`data: ${source}`)
  }

  const titleOf = (index: number) =>
    [`run ${index + 1} of ${runs.length}`, runs[index]!.label].filter((part) => part !== "").join(" · ")

  const requestOf = Effect.fnUntraced(function* (planned: PlannedRun, index: number) {
    // Runs done now are trained again; runs that another process finishes in the meantime are not.
    const previousStart = force
      ? yield* Effect.orElseSucceed(store.find(planned.id, planned.experiment), () => Option.none())
      : Option.none()
    return {
      planned,
      position: {
        run: index + 1,
        runs: runs.length,
        epochsAfter: runs.slice(index + 1).reduce((sum, { training }) => sum + (training.epochs ?? 0), 0) / jobs
      },
      force,
      ...(Option.isSome(previousStart) && { previousStart: DateTime.formatIso(previousStart.value.manifest.started) }),
      checkpointEvery: checkpointEvery ?? defaultInterval,
      retries: retries ?? 0,
      exact: exact ?? false
    }
  })
  const requests = yield* Effect.forEach(runs, requestOf)

  /** By the run's index in the sweep. */
  const outcomes = new Map<number, RunResult.RunResult>()

  const interrupted = new Set<number>()

  /** The result of a run, which another process may have finished. */
  const outcomeOf = Effect.fnUntraced(function* (planned: PlannedRun, index: number) {
    const outcome = outcomes.get(index)
    if (outcome !== undefined) return Option.some(outcome)
    if (!interrupted.has(index)) return yield* RunResult.find(folder, planned, undefined)
    return (yield* ExecuteRun.isComplete(requests[index]!))
      ? yield* RunResult.find(folder, planned, undefined)
      : Option.some(RunResult.unfinished(planned, "interrupted"))
  })
  /** In the order of the sweep. */
  const all = Effect.suspend(() =>
    Effect.map(Effect.forEach(runs, outcomeOf), (found) => found.flatMap(Option.toArray))
  )

  yield* share(requests, {
    shouldContinue: () => !failFast || [...outcomes.values()].every(RunResult.succeeded),
    onEnd: Effect.fnUntraced(function* (index, ending) {
      const planned = runs[index]!
      if (ending._tag === "Done" && !ending.trained) yield* progress.line(`${titleOf(index)} · already done`)
      const outcome =
        ending._tag === "Failed"
          ? RunResult.unfinished(planned, "failed", ending.reason)
          : Option.getOrElse(yield* RunResult.find(folder, planned, ending.error), () =>
              RunResult.unfinished(planned, "failed", "its folder was removed in the meantime")
            )
      outcomes.set(index, outcome)
      if (!RunResult.succeeded(outcome)) yield* Effect.logError(`${titleOf(index)}: ${outcome.row.error}`)
      if (jobs > 1) yield* progress.note(`${outcomes.size} of ${runCount(runs)} ended`)
    }),
    onInterrupt: (index) => Effect.sync(() => interrupted.add(index)),
    onWait: (index, owner) =>
      progress.line(`${titleOf(index)} · run ${runs[index]!.id} is being trained by ${owner}; waiting`)
  }).pipe(Effect.onInterrupt(() => Effect.ignore(Effect.flatMap(all, (ended) => report(experiment, folder, ended)))))
  yield* progress.note("drawing the figures that compare the runs")
  const ended = yield* all
  yield* report(experiment, folder, ended)

  const rows = ended.map(({ row }) => row)
  const columns = yield* Terminal.Terminal.use((terminal) => terminal.columns)
  const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
  yield* progress.line(
    `\n${SummaryTable.plain({ experiment: experiment.name, runs: rows }, columns > 0 ? columns : 120)}`
  )
  yield* progress.line(`\n${runCount(rows)} in ${duration(seconds)}; numbers and figures: ${folder.directory}`)
  for (const line of yield* page(experiment, runs, rows)) yield* progress.line(line)
  const failed = ended.filter((outcome) => !RunResult.succeeded(outcome)).length
  if (failed > 0) return yield* new RunsFailed({ failed, runs: runs.length })
  return rows
})
