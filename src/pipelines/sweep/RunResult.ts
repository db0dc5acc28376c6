/**
 * What became of a run of a sweep: its row of the summary, and what the report shows of it.
 */
import { Cause, Effect, Option, Path } from "effect"
import { failureText } from "./RunExecutor.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import * as SweepFigures from "../figures/SweepFigures.ts"
import type { Run } from "../store/Run.ts"
import { type ExperimentFolder, RunStore } from "../store/RunStore.ts"
import { StoreError } from "../files/StoreError.ts"
import type { SummaryRow } from "../store/SummaryRow.ts"

export interface RunResult {
  readonly row: SummaryRow
  /** If the run is done. */
  readonly reported?: SweepFigures.ReportedRun
}

export const succeeded = ({ row }: RunResult): boolean => row.status === "done" && row.error === undefined

/** What the summary says of every run, however it ended. */
const base = ({ id, parameters, seed }: PlannedRun) => ({ id, parameters, seed, metrics: {} })

/** A run that did not come to its end. It is where it would be made: a failed or interrupted run is nowhere else. */
export const unfinished = (planned: PlannedRun, status: "failed" | "interrupted", error?: string): RunResult => ({
  row: { ...base(planned), status, directory: planned.id, ...(error === undefined ? {} : { error }) }
})

/** Metrics of a finished run: the last epoch's, then what its evaluations found. */
const metricsOf = Effect.fnUntraced(function* (planned: PlannedRun, run: Run) {
  const { join } = yield* Path.Path
  const history = yield* run.history
  const { epochs } = planned.training
  if (history.length !== epochs) {
    return yield* new StoreError({
      path: join(run.directory, "metrics.ndjson"),
      problem: "corrupt",
      reason: `it has ${history.length} of ${epochs} epochs of this finished run; restore it from a copy, or make the run again with --force, which keeps this one`
    })
  }
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

const finished = Effect.fnUntraced(function* (
  folder: ExperimentFolder,
  planned: PlannedRun,
  run: Run,
  error: string | undefined
) {
  const { history, metrics } = yield* metricsOf(planned, run)
  const outcome: RunResult = {
    row: {
      ...base(planned),
      ...(Object.keys(planned.reference).length === 0 ? {} : { reference: planned.reference }),
      ...(error === undefined ? {} : { error }),
      status: "done",
      directory: folder.relative(run),
      metrics
    },
    reported: {
      label: SweepFigures.caption(planned.label),
      history,
      metrics,
      figures: yield* run.figures,
      likelihood: planned.specs.model["likelihood"] ?? null
    }
  }
  return outcome
})

/** The outcome of a run that is done, wherever it is; none where it is not. `error` is why an evaluation failed. */
export const find = Effect.fnUntraced(
  function* (folder: ExperimentFolder, planned: PlannedRun, error: string | undefined) {
    const found = yield* RunStore.use((store) => store.find(planned.id, planned.experiment))
    return Option.isSome(found) && found.value.manifest.status === "done"
      ? Option.some(yield* finished(folder, planned, found.value.run, error))
      : Option.none<RunResult>()
  },
  // What it left cannot be read.
  (outcome, _, planned) =>
    Effect.catchCause(outcome, (cause) =>
      Cause.hasInterrupts(cause)
        ? Effect.interrupt
        : Effect.succeedSome(unfinished(planned, "failed", failureText(cause)))
    )
)
