/**
 * Runs a sweep: brings every run to its end and says what came out.
 *
 * Laws: a run that fails fails alone; whatever happens, the summary says how each run that was begun ended.
 */
import { Clock, Console, Effect, Exit, Option, Runtime, Schema, Terminal } from "effect"
import type { DatasetError, DatasetPlatform, LoadedDataset, Located } from "../core/Dataset.ts"
import type { Experiment } from "../core/Experiment.ts"
import * as PerformRun from "./PerformRun.ts"
import { type PlannedRun, plan } from "./Plan.ts"
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

/** Reads each dataset once, as long as runs with the same data follow each other. */
const makeLoader = Effect.gen(function* () {
  const context = yield* Effect.context<DatasetPlatform>()
  let last: { readonly digest: string; readonly data: LoadedDataset } | undefined
  return ({ dataset, located }: PlannedRun): Effect.Effect<LoadedDataset, DatasetError> =>
    Effect.gen(function* () {
      if (last?.digest === located.digest) return last.data
      const data = yield* dataset.load(located)
      last = { digest: located.digest, data }
      return data
    }).pipe(Effect.provideContext(context))
})

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
  readonly reported: Report.ReportedRun | undefined
}

const nothingFailed = (row: Row): boolean => row.status === "done" && row.error === undefined

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
}

/** Runs the planned runs of an experiment, one after the other, and reports. */
export const run = Effect.fn("RunExperiment.run")(function* (
  experiment: Experiment<any>,
  runs: ReadonlyArray<PlannedRun>,
  { failFast, force }: RunOptions
) {
  const store = yield* RunStore
  const progress = yield* Progress
  const folder = yield* store.experiment(experiment.name)
  const load = yield* makeLoader
  const provenance = yield* Provenance.gather
  const outcomes: Array<Outcome> = []
  const started = yield* Clock.currentTimeMillis
  for (const source of new Set(runs.map(({ dataset, located }) => `${dataset.name} from ${located.location}`))) {
    yield* progress.line(`data: ${source}`)
  }

  const one = Effect.fnUntraced(function* (planned: PlannedRun, index: number) {
    const options = {
      planned,
      place: {
        run: index + 1,
        runs: runs.length,
        epochsAfter: runs.slice(index + 1).reduce((sum, { training }) => sum + training.epochs, 0)
      },
      data: load(planned),
      provenance,
      force
    }
    const base = { id: planned.id, parameters: planned.parameters, seed: planned.seed, metrics: {} }
    const reference = Object.keys(experiment.reference).length === 0 ? {} : { reference: experiment.reference }
    const own = yield* store.open(planned.experiment, planned.id)
    const failed = (status: "failed" | "interrupted", error?: string): Outcome => ({
      row: { ...base, status, directory: folder.relative(own), ...(error === undefined ? {} : { error }) },
      reported: undefined
    })
    const done = Effect.fnUntraced(function* (finished: Run, error?: string) {
      const { history, metrics } = yield* metricsOf(planned, finished)
      const label = Report.caption(planned.label)
      outcomes.push({
        row: {
          ...base,
          ...reference,
          status: "done",
          directory: folder.relative(finished),
          metrics,
          ...(error === undefined ? {} : { error })
        },
        reported: { label, history, metrics, figures: yield* finished.figures }
      })
    })
    yield* Effect.gen(function* () {
      const { run: finished, trained } = yield* PerformRun.perform(options)
      if (!trained) yield* progress.line(`run ${index + 1} of ${runs.length} · ${planned.label} · already done`)
      yield* PerformRun.evaluate(options, finished).pipe(
        Effect.matchEffect({
          onSuccess: () => done(finished),
          onFailure: (error) => done(finished, error.message)
        })
      )
    }).pipe(
      Effect.catch((error) => Effect.sync(() => outcomes.push(failed("failed", error.message)))),
      Effect.onInterrupt(() => Effect.sync(() => outcomes.push(failed("interrupted"))))
    )
  }, Effect.scoped)

  yield* Effect.gen(function* () {
    for (const [index, planned] of runs.entries()) {
      yield* one(planned, index)
      const last = outcomes.at(-1)
      if (last !== undefined && !nothingFailed(last.row)) {
        yield* progress.line(
          `run ${index + 1} of ${runs.length} · ${planned.label} · ${last.row.status}: ${last.row.error}`
        )
        if (failFast) break
      }
    }
  }).pipe(
    Effect.onExit((exit) => (Exit.isSuccess(exit) ? Effect.void : Effect.ignore(report(experiment, folder, outcomes))))
  )
  yield* progress.note("drawing the figures that compare the runs")
  yield* report(experiment, folder, outcomes)

  const rows = outcomes.map(({ row }) => row)
  const columns = yield* Terminal.Terminal.use((terminal) => terminal.columns)
  const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
  yield* progress.line(
    `\n${SummaryTable.plain({ experiment: experiment.name, runs: rows }, columns > 0 ? columns : 120)}`
  )
  yield* progress.line(`\n${rows.length} runs in ${duration(seconds)}; numbers and figures: ${folder.directory}`)
  const failed = rows.filter((row) => !nothingFailed(row)).length
  if (failed > 0) return yield* new RunsFailed({ failed, runs: runs.length })
})

/** Where a dataset is, without fetching it: the plan of a run that would download says so. */
const notYetHere: Located = { source: "download", location: "a download", digest: "known after the download" }

/** Prints the runs, their ids, which of them are done, and how long the others may take. */
export const describePlan = Effect.fn("RunExperiment.describePlan")(function* (experiment: Experiment<any>) {
  const store = yield* RunStore
  const runs = yield* plan(experiment, ({ peek }) => Effect.map(peek, (located) => located ?? notYetHere))
  const lines = yield* Effect.forEach(runs, (planned) =>
    Effect.gen(function* () {
      const found = planned.located === notYetHere ? Option.none() : yield* store.find(planned.id, planned.experiment)
      const status = Option.match(found, { onNone: () => "to do", onSome: ({ manifest }) => manifest.status })
      const rate = Option.isSome(found) ? (yield* found.value.run.history).at(-1)?.examplesPerSecond : undefined
      return { planned, status, rate }
    })
  )
  const width = Math.max(0, ...runs.map(({ label }) => label.length))
  for (const { planned, status } of lines) {
    const id = planned.located === notYetHere ? "(after download)" : planned.id
    yield* Console.log(`${id}  ${planned.label.padEnd(width)}  ${planned.training.epochs} epochs  ${status}`)
  }
  const sources = new Set(runs.map(({ dataset, located }) => `${dataset.name} from ${located.location}`))
  yield* Console.log(`\n${runs.length} runs; ${[...sources].join(", ")}`)
})
