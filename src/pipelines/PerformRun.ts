/**
 * Brings one run to its end: trains what is missing of it, then makes the evaluations it lacks.
 *
 * Laws: a finished run is never trained again unless asked; a run's manifest says how the run stands at every moment; an
 * evaluation that fails leaves the trained run done.
 */
import { Cause, DateTime, Effect, Exit, Logger, Option, Predicate, type Scope } from "effect"
import type { DatasetError, LoadedDataset } from "../core/Dataset.ts"
import { Engine, type EngineError } from "../core/Engine.ts"
import type { EvaluationError } from "../core/Evaluation.ts"
import type { FigureError } from "../core/Figure.ts"
import type { ModelError } from "../core/Model.ts"
import type { SnapshotError } from "../core/Snapshots.ts"
import type { CheckpointEvery } from "./CheckpointEvery.ts"
import * as Evaluate from "./Evaluate.ts"
import type { Manifest } from "./Manifest.ts"
import type { PlannedRun } from "./Plan.ts"
import type { Progress } from "./Progress.ts"
import type { Provenance } from "./Provenance.ts"
import type { Run } from "./Run.ts"
import { RunStore } from "./RunStore.ts"
import type { StoreError } from "./StoreError.ts"
import * as Train from "./Train.ts"

export type RunFailure =
  | DatasetError
  | EngineError
  | EvaluationError
  | FigureError
  | ModelError
  | SnapshotError
  | StoreError
  | Train.DivergenceError

export interface PerformOptions {
  readonly planned: PlannedRun
  readonly place: Train.Place
  /** Reads the run's dataset; runs with the same data share one reading. */
  readonly data: Effect.Effect<LoadedDataset, DatasetError>
  readonly provenance: Provenance
  /** Train again though the run is done; what there was is kept aside. */
  readonly force: boolean
  readonly checkpointEvery: CheckpointEvery
  /** How often the run is tried again where its engine or its folder fails. */
  readonly retries: number
}

/** How a failure stands in the manifest. */
const exitOf = (cause: Cause.Cause<RunFailure>): NonNullable<Manifest["exit"]> => {
  const error = Cause.squash(cause)
  const number = (name: string) =>
    Predicate.hasProperty(error, name) && Predicate.isNumber(error[name]) ? { [name]: error[name] } : {}
  return {
    error: Predicate.hasProperty(error, "_tag") ? String(error._tag) : "Defect",
    message: error instanceof Error ? error.message : String(error),
    ...number("epoch"),
    ...number("step")
  }
}

/** What an earlier process left of the run: its newest whole checkpoint, and the history up to there. */
const leftovers = Effect.fnUntraced(function* (run: Run) {
  const checkpoint = yield* run.checkpoint
  yield* run.truncateHistory(Option.isSome(checkpoint) ? checkpoint.value.epoch : 0)
  return Option.isSome(checkpoint) ? { checkpoint: checkpoint.value, history: yield* run.history } : undefined
})

/** Trains to the last epoch, keeping the manifest true. */
const train = Effect.fn("PerformRun.train")(function* (
  { data, place, planned, provenance }: PerformOptions,
  run: Run
): Effect.fn.Return<void, RunFailure, Engine | Progress | Scope.Scope> {
  const engine = yield* Engine
  const loaded = yield* data
  const resume = yield* leftovers(run)
  const { source, location, digest } = planned.located
  const manifest: Manifest = {
    id: planned.id,
    experiment: planned.experiment,
    parameters: planned.parameters,
    seed: planned.seed,
    specs: planned.specs,
    data: { source, location, digest },
    engine: engine.spec,
    ...provenance,
    started: yield* DateTime.now,
    status: "running"
  }
  const finish = Effect.fnUntraced(function* (exit: Exit.Exit<void, RunFailure>) {
    const ended = yield* DateTime.now
    if (Exit.isSuccess(exit)) return yield* run.writeManifest({ ...manifest, ended, status: "done" })
    const status = Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "failed"
    yield* run.writeManifest({
      ...manifest,
      ended,
      status,
      ...(status === "failed" ? { exit: exitOf(exit.cause) } : {})
    })
  })
  yield* run.writeManifest(manifest)
  yield* Effect.gen(function* () {
    const from = resume === undefined ? "is trained" : `goes on from step ${resume.checkpoint.step}`
    yield* Effect.logInfo([`run ${run.id}`, planned.label, from].filter((part) => part !== "").join(" "))
    const history = yield* Train.train({
      run: planned,
      data: loaded,
      place,
      keeping: { checkpoint: run.saveCheckpoint, epoch: run.appendHistory, snapshot: run.saveSnapshot },
      resume
    })
    const last = history.at(-1)
    if (last !== undefined) yield* run.writeSummary({ epoch: last.epoch, step: last.step, metrics: last.metrics })
  }).pipe(
    Effect.tapCause((cause) =>
      Cause.hasInterrupts(cause) ? Effect.void : Effect.logInfo(`run ${run.id} failed: ${exitOf(cause).error}`)
    ),
    // A disk that cannot take the manifest has most likely caused the failure that it would tell of.
    Effect.onExit((exit) => (Exit.isSuccess(exit) ? finish(exit) : Effect.ignore(finish(exit)))),
    Effect.provide(Logger.layer([run.logger], { mergeWithExisting: true }))
  )
})

/** A run that is done, and whether this call trained it. */
export interface Performed {
  readonly run: Run
  readonly trained: boolean
}

/** The finished run of this id, wherever it is; else trains it in its own folder. */
const finished = Effect.fnUntraced(function* (options: PerformOptions) {
  const { force, planned } = options
  const store = yield* RunStore
  const found = yield* store.find(planned.id, planned.experiment)
  if (Option.isSome(found) && found.value.manifest.status === "done" && !force) {
    return { run: found.value.run, trained: false }
  }
  const run = yield* store.open(planned.experiment, planned.id)
  if (force) yield* run.setAside
  yield* Effect.scoped(train(options, run))
  return { run, trained: true }
})

/** Trains the run if it is not done yet. */
export const perform = Effect.fn("PerformRun.perform")(
  (options: PerformOptions): Effect.Effect<Performed, RunFailure, Engine | Progress | RunStore> =>
    Effect.scoped(finished(options))
)

/** Makes the evaluations that a finished run lacks. */
export const evaluate = Effect.fn("PerformRun.evaluate")(function* (
  { data, planned }: PerformOptions,
  run: Run
): Effect.fn.Return<void, RunFailure, Engine | Progress> {
  const evaluators = yield* Evaluate.missing(planned, run)
  if (evaluators.length > 0) yield* Effect.scoped(Evaluate.evaluate({ planned, run, evaluators, data }))
})
