/**
 * Runs a sweep: brings every run to its end and says what came out.
 *
 * Laws: a run that fails fails alone; whatever happens, the summary says how each run that was begun ended.
 */
import { Cause, Clock, DateTime, Effect, Option, Runtime, Schema, Terminal } from "effect"
import type { Experiment } from "../core/Experiment.ts"
import { type CheckpointEvery, standard } from "./CheckpointEvery.ts"
import * as ExportModel from "./ExportModel.ts"
import * as LoadData from "./LoadData.ts"
import * as PerformRun from "./PerformRun.ts"
import { countOf, type PlannedRun, sourcesOf } from "./Plan.ts"
import { duration, Progress } from "./Progress.ts"
import * as Provenance from "./Provenance.ts"
import { render } from "./RenderFigure.ts"
import * as Report from "./Report.ts"
import type { Run } from "./Run.ts"
import { type ExperimentFolder, RunStore } from "./RunStore.ts"
import type { Row } from "./Summary.ts"
import * as SummaryTable from "./SummaryTable.ts"

/** Some runs of a sweep did not end well; the summary says why. */
export class RunsFailed extends Schema.TaggedError<RunsFailed>()("RunsFailed", {
  failed: Schema.Int,
  runs: Schema.Int
}) {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `${this.failed} of ${this.runs} runs failed; the reasons stand above`
  }
}

/** Metrics of a finished run: the last epoch's, then what its evaluations found. */
const metricsOf = Effect.fnUntraced(function* (planned: PlannedRun, run: Run) {
  const history = yield* run.history
  const results = yield* Effect.forEach(planned.evaluation.evaluators, ({ id }) => run.evaluation(id))
  return {
    history,
    metrics: Object.assign(
      {},
      history.at(-1)?.metrics,
      ...results.flatMap(Option.toArray).map((result) => result.metrics)
    ) as Record<string, number>
  }
})

/** A row of the summary, and what the report shows of the run if it is done. */
interface Outcome {
  readonly row: Row
  readonly reported?: Report.ReportedRun
}

const endedWell = ({ row }: Outcome): boolean => row.status === "done" && row.error === undefined

/** What the summary says of every run, however it ended. */
const base = ({ id, parameters, seed }: PlannedRun) => ({ id, parameters, seed, metrics: {} })

/** A finished run, with the error of an evaluation that failed. */
const finished = Effect.fnUntraced(function* (
  folder: ExperimentFolder,
  planned: PlannedRun,
  run: Run,
  error: string | undefined
) {
  const { history, metrics } = yield* metricsOf(planned, run)
  const outcome: Outcome = {
    row: {
      ...base(planned),
      ...(Object.keys(planned.reference).length === 0 ? {} : { reference: planned.reference }),
      ...(error === undefined ? {} : { error }),
      status: "done",
      directory: folder.relative(run),
      metrics
    },
    reported: { label: Report.caption(planned.label), history, metrics, figures: yield* run.figures }
  }
  return outcome
})

/** In words for the summary: an expected failure says what to do, a defect shows where it arose. */
const reasonOf = (cause: Cause.Cause<{ readonly message: string }>): string => {
  const error = Cause.squash(cause)
  return Cause.hasDies(cause) || !(error instanceof Error) ? Cause.pretty(cause) : error.message
}

/** Writes summary and figures of the runs so far. */
const report = Effect.fnUntraced(function* (
  experiment: Experiment<any>,
  folder: ExperimentFolder,
  outcomes: ReadonlyArray<Outcome>
) {
  yield* folder.writeSummary(outcomes.map(({ row }) => row))
  const reported = outcomes.flatMap((outcome) => (outcome.reported === undefined ? [] : [outcome.reported]))
  const pictures = yield* Effect.forEach(Report.figures(experiment.name, reported), (figure) =>
    Effect.map(render(figure), ({ png, svg }) => ({ figure, png, svg }))
  )
  if (pictures.length > 0) yield* folder.writeFigures(pictures)
})

export interface RunOptions {
  /** Train finished runs again. */
  readonly force: boolean
  /** Stop at the first run that fails. */
  readonly failFast: boolean
  /** Every 30 seconds unless given. */
  readonly checkpointEvery?: CheckpointEvery
  /** How often a run is tried again whose engine or folder fails; 0 unless given. */
  readonly retries?: number
}

/** Runs the planned runs of an experiment, one after the other, and reports. */
export const run = Effect.fn("RunExperiment.run")(function* (
  experiment: Experiment<any>,
  runs: ReadonlyArray<PlannedRun>,
  { checkpointEvery, failFast, force, retries }: RunOptions
) {
  const store = yield* RunStore
  const progress = yield* Progress
  const folder = yield* store.experiment(experiment.name)
  const load = yield* LoadData.make
  const provenance = yield* Provenance.gather
  // What is done before this command is to be made again; what another process finishes meanwhile is not.
  const formers = force
    ? yield* Effect.forEach(runs, ({ experiment, id }) =>
        Effect.orElseSucceed(store.find(id, experiment), () => Option.none())
      )
    : []
  const outcomes: Array<Outcome> = []
  const started = yield* Clock.currentTimeMillis
  for (const source of sourcesOf(runs)) {
    yield* progress.line(`data: ${source}`)
  }

  const one = Effect.fnUntraced(function* (planned: PlannedRun, index: number) {
    const title = [`run ${index + 1} of ${runs.length}`, planned.label].filter((part) => part !== "").join(" · ")
    const options = {
      planned,
      place: {
        run: index + 1,
        runs: runs.length,
        epochsAfter: runs.slice(index + 1).reduce((sum, { training }) => sum + training.epochs, 0)
      },
      data: load(planned),
      provenance,
      force,
      ...Option.match(formers[index] ?? Option.none(), {
        onNone: () => ({}),
        onSome: ({ manifest }) => ({ former: DateTime.formatIso(manifest.started) })
      }),
      checkpointEvery: checkpointEvery ?? standard,
      retries: retries ?? 0
    }
    // Where the run would be made: a failed or interrupted run is nowhere else.
    const directory = planned.id
    const outcome = yield* PerformRun.perform(options).pipe(
      Effect.tap(({ trained }) => (trained ? Effect.void : progress.line(`${title} · already done`))),
      Effect.flatMap(({ run }) =>
        Effect.scoped(ExportModel.exportMissing(planned, run, options.data)).pipe(
          Effect.andThen(PerformRun.evaluate(options, run)),
          Effect.matchCauseEffect({
            onSuccess: () => finished(folder, planned, run, undefined),
            onFailure: (cause) =>
              Cause.hasInterrupts(cause) ? Effect.failCause(cause) : finished(folder, planned, run, reasonOf(cause))
          })
        )
      ),
      // Until it is evaluated too, no other process writes to the run.
      Effect.scoped,
      // Whatever goes wrong in one run, a defect too, the other runs go on.
      Effect.catchCause((cause): Effect.Effect<Outcome> =>
        Cause.hasInterrupts(cause)
          ? Effect.interrupt
          : Effect.succeed({ row: { ...base(planned), status: "failed", directory, error: reasonOf(cause) } })
      ),
      Effect.onInterrupt(() =>
        Effect.sync(() => outcomes.push({ row: { ...base(planned), status: "interrupted", directory } }))
      )
    )
    outcomes.push(outcome)
    if (!endedWell(outcome)) yield* Effect.logError(`${title}: ${outcome.row.error}`)
    return endedWell(outcome)
  })

  yield* Effect.gen(function* () {
    for (const [index, planned] of runs.entries()) {
      if (!(yield* one(planned, index)) && failFast) break
    }
  }).pipe(Effect.onInterrupt(() => Effect.ignore(report(experiment, folder, outcomes))))
  yield* progress.note("drawing the figures that compare the runs")
  yield* report(experiment, folder, outcomes)

  const rows = outcomes.map(({ row }) => row)
  const columns = yield* Terminal.Terminal.use((terminal) => terminal.columns)
  const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
  yield* progress.line(
    `\n${SummaryTable.plain({ experiment: experiment.name, runs: rows }, columns > 0 ? columns : 120)}`
  )
  yield* progress.line(`\n${countOf(rows)} in ${duration(seconds)}; numbers and figures: ${folder.directory}`)
  const failed = outcomes.filter((outcome) => !endedWell(outcome)).length
  if (failed > 0) return yield* new RunsFailed({ failed, runs: runs.length })
})
