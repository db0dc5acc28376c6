/**
 * Executes one run: trains it if needed, then runs the missing evaluations.
 *
 * Laws: a finished run is trained again only on request, and the previous one is kept; a failed evaluation leaves the
 * trained run done.
 */
import { DateTime, Effect, type FileSystem, Logger, Option, type Path, Result, type Scope } from "effect"
import { Engine } from "../../core/Engine.ts"
import * as Evaluate from "../training/Evaluate.ts"
import * as ModelFolder from "../store/ModelFolder.ts"
import * as Segments from "../plan/Segments.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import type { Progress } from "../console/Progress.ts"
import { withRetries } from "./Retry.ts"
import type { Run } from "../store/Run.ts"
import type { RunLocked } from "../store/RunLock.ts"
import { RunStore } from "../store/RunStore.ts"
import { train, type TrainFailure, type TrainOptions } from "../training/TrainRun.ts"

export type RunFailure = TrainFailure | Evaluate.EvaluateFailure | RunLocked

export interface ExecuteOptions extends TrainOptions {
  /** Train again even if the run is done; the previous one is set aside. */
  readonly force: boolean
  /** With `force`: the start time of the run to replace, if there is one. A run started later is not replaced. */
  readonly previousStart?: string
  /** How often to retry if the engine or the folder fails. */
  readonly retries: number
}

/** A run that is done, and whether this call trained it. */
export interface ExecutedRun {
  readonly run: Run
  readonly trained: boolean
}

/**
 * Sets aside a run that has ended or cannot be read. A killed or interrupted run stays, so that the same command
 * resumes it.
 */
const setEndedAside = Effect.fnUntraced(function* (run: Run) {
  const found = yield* Effect.result(run.manifest)
  const status = Result.isSuccess(found) ? Option.getOrUndefined(found.success)?.status : "failed"
  if (status === "done" || status === "failed") yield* run.setAside
})

type Wanted = Pick<ExecuteOptions, "force" | "previousStart" | "planned">

/** The finished run of this id in any experiment's folder. */
const findDone = Effect.fnUntraced(function* ({ force, previousStart, planned }: Wanted) {
  const store = yield* RunStore
  const search = store.find(planned.id, planned.experiment)
  // An unreadable run is set aside.
  const found = force ? Effect.orElseSucceed(search, () => Option.none()) : search
  return Option.filter(
    yield* found,
    ({ manifest }) => manifest.status === "done" && !(force && DateTime.formatIso(manifest.started) === previousStart)
  )
})

/** Whether a finished run has all its evaluations and its exported model. */
const isWhole = (planned: PlannedRun, run: Run) =>
  Effect.all([Evaluate.missing(planned, run), ModelFolder.card(run.directory)]).pipe(
    Effect.map(([evaluators, model]) => evaluators.length === 0 && Option.isSome(model)),
    // An unreadable result is reported when it is computed again.
    Effect.orElseSucceed(() => false)
  )

/** The finished run of this id in any experiment's folder, if it is complete. */
const findComplete = Effect.fnUntraced(function* (wanted: Wanted) {
  const found = yield* findDone(wanted)
  return Option.isSome(found) && (yield* isWhole(wanted.planned, found.value.run))
    ? Option.some(found.value.run)
    : Option.none<Run>()
})

/** Whether a run of this id is complete in any experiment's folder. One that cannot be read is not. */
export const isComplete = (wanted: Wanted) =>
  findComplete(wanted).pipe(
    Effect.map(Option.isSome),
    Effect.orElseSucceed(() => false)
  )

/** The finished run of this id in any experiment's folder; otherwise trains it in its own folder. */
const finished = Effect.fnUntraced(function* (options: ExecuteOptions) {
  const { force, planned, retries } = options
  const store = yield* RunStore
  const whole = yield* findComplete(options)
  if (Option.isSome(whole)) return { run: whole.value, trained: false }
  const found = yield* findDone(options)
  const home = Option.match(found, { onNone: () => planned.experiment, onSome: ({ run }) => run.experiment })
  const run = yield* store.open(home, planned.id)
  yield* run.removeTemporaryFiles
  // Another process may have finished it before this one got the lock.
  const done = yield* findDone(options)
  if (Option.isSome(done))
    return { run: done.value.run.directory === run.directory ? run : done.value.run, trained: false }
  if (force) yield* setEndedAside(run)
  const attempt = Effect.scoped(train(options, run)).pipe(
    Effect.provide(Logger.layer([run.logger], { mergeWithExisting: true }))
  )
  yield* withRetries(attempt, { retries, what: `run ${run.id}` })
  return { run, trained: true }
})

/**
 * Trains the run if it is not done yet. The run is locked for the scope, unless it is already complete.
 */
export const execute = Effect.fn("ExecuteRun.perform")(
  (
    options: ExecuteOptions
  ): Effect.Effect<
    ExecutedRun,
    RunFailure,
    Engine | FileSystem.FileSystem | Path.Path | Progress | RunStore | Scope.Scope
  > => finished(options)
)

/** Warns if a finished run is evaluated by another engine than it was trained by. */
const sayChanges = Effect.fnUntraced(function* (run: Run) {
  const { spec } = yield* Engine
  const manifest = yield* run.manifest
  const changes = Option.isSome(manifest) ? Segments.engineChanges(manifest.value.engine, spec) : []
  if (changes.length === 0) return
  yield* Effect.logWarning(
    `run ${run.id} is evaluated under other conditions than it was trained, so the last digits may differ: ${changes.join("; ")}`
  )
})

/** Runs the missing evaluations of a finished run. */
export const evaluate = Effect.fn("ExecuteRun.evaluate")(function* (
  { data, planned, retries }: ExecuteOptions,
  run: Run
): Effect.fn.Return<void, RunFailure, Engine | Progress> {
  if ((yield* Evaluate.missing(planned, run)).length === 0) return
  yield* sayChanges(run)
  const attempt = Effect.gen(function* () {
    const evaluators = yield* Evaluate.missing(planned, run)
    yield* Effect.scoped(Evaluate.evaluate({ planned, run, evaluators, data }))
  })
  yield* withRetries(attempt, { retries, what: `run ${run.id}` })
})
