/**
 * The result of a run of a sweep: its row of the summary, and what the report shows of it.
 */
import * as EarlyStopping from "../../core/EarlyStopping.ts"
import { lengthInWords, type TrainingOptions } from "../../core/Training.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
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

/** The fields of a row that do not depend on how the run ended. */
const base = ({ id, parameters, seed }: PlannedRun) => ({ id, parameters, seed, metrics: {} })

/** The result of a failed or interrupted run, which is in its own experiment's folder. */
export const unfinished = (planned: PlannedRun, status: "failed" | "interrupted", error?: string): RunResult => ({
  row: { ...base(planned), status, directory: planned.id, ...(error === undefined ? {} : { error }) }
})

/** Metrics of a finished run: those of the last epoch, then those of its evaluations. */
/** Whether a history has every epoch of a finished run. */
const isWhole = ({ epochs, steps, stopping }: TrainingOptions, history: ReadonlyArray<EpochMetrics>): boolean => {
  const last = history.at(-1)
  return (
    (steps === undefined ? last?.epoch === epochs : last?.step === steps) || EarlyStopping.isOver(stopping, history)
  )
}

const metricsOf = Effect.fnUntraced(function* (planned: PlannedRun, run: Run) {
  const { join } = yield* Path.Path
  const history = yield* run.history
  if (!isWhole(planned.training, history)) {
    return yield* new StoreError({
      path: join(run.directory, "metrics.ndjson"),
      problem: "corrupt",
      reason: `it has ${history.length} epochs of this finished run, which has ${lengthInWords(planned.training)}; restore it from a copy, or train the run again with --force, which keeps this one`
    })
  }
  const results = yield* Effect.forEach(planned.evaluation.evaluators, ({ id }) => run.evaluation(id))
  return {
    history,
    metrics: Object.assign(
      {},
      EarlyStopping.resultOf(planned.training.stopping, history)?.metrics,
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

/** The result of a finished run in any experiment's folder, or none. `error` is why an evaluation failed. */
export const find = Effect.fnUntraced(
  function* (folder: ExperimentFolder, planned: PlannedRun, error: string | undefined) {
    const found = yield* RunStore.use((store) => store.find(planned.id, planned.experiment))
    return Option.isSome(found) && found.value.manifest.status === "done"
      ? Option.some(yield* finished(folder, planned, found.value.run, error))
      : Option.none<RunResult>()
  },
  // The run's files cannot be read.
  (outcome, _, planned) =>
    Effect.catchCause(outcome, (cause) =>
      Cause.hasInterrupts(cause)
        ? Effect.interrupt
        : Effect.succeedSome(unfinished(planned, "failed", failureText(cause)))
    )
)
