/**
 * Trains the missing epochs of one run in its folder.
 *
 * Laws: the manifest has the run's status at any time, and which process took which steps; differences between these
 * processes are logged.
 */
import { Cause, DateTime, Effect, Exit, Option, Predicate, type Scope } from "effect"
import type { DatasetError, LoadedDataset } from "../../core/Dataset.ts"
import { Engine, type EngineError } from "../../core/Engine.ts"
import type { ModelError } from "../../core/Model.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import * as EarlyStopping from "../../core/EarlyStopping.ts"
import { stepsPerEpoch, totalEpochs, totalSteps, type TrainingError } from "../../core/Training.ts"
import * as TrainStep from "../../core/TrainStep.ts"
import type { CheckpointInterval } from "./CheckpointInterval.ts"
import type { DivergenceError } from "./DivergenceError.ts"
import type { Manifest, Status } from "../store/Manifest.ts"
import * as Segments from "../plan/Segments.ts"
import { ingredientsOf } from "./Ingredients.ts"
import type { PlannedRun } from "../plan/Plan.ts"
import type { Progress } from "../console/Progress.ts"
import type { Provenance } from "../store/Provenance.ts"
import * as ResumePoint from "./ResumePoint.ts"
import type { Run } from "../store/Run.ts"
import type { StoreError } from "../files/StoreError.ts"
import * as Train from "./Train.ts"

export type TrainFailure = DatasetError | DivergenceError | EngineError | ModelError | StoreError | TrainingError

export interface TrainOptions {
  readonly planned: PlannedRun
  readonly position: Train.SweepPosition
  /** Reads the run's dataset; runs with the same data share one reading. */
  readonly data: Effect.Effect<LoadedDataset, DatasetError>
  readonly provenance: Provenance
  readonly checkpointEvery: CheckpointInterval
  /** Resume only from steps that an engine with the same bits took; otherwise start again. Default: false. */
  readonly exact?: boolean
}

/** A failure as recorded in the manifest. */
const exitOf = (cause: Cause.Cause<TrainFailure>): NonNullable<Manifest["exit"]> => {
  const error = Cause.squash(cause)
  const number = (name: string) =>
    Predicate.hasProperty(error, name) && Predicate.isNumber(error[name]) ? { [name]: error[name] } : {}
  return {
    error: Predicate.hasProperty(error, "_tag") ? String(error._tag) : "Defect",
    message: error instanceof Error ? error.message : String(error),
    ...number("epoch"),
    ...number("step"),
    ...number("lastFiniteLoss"),
    ...number("checkpoint")
  }
}

const interrupted: NonNullable<Manifest["exit"]> = {
  error: "Interrupted",
  message: "it was interrupted; the same command resumes it from its last checkpoint"
}

/** What a checkpoint must match. */
const expected = Effect.fnUntraced(function* (planned: PlannedRun, examples: number) {
  const { training } = planned
  const sizes = { examples, batch: training.batchSize, stepsPerEpoch: stepsPerEpoch(training, examples) }
  const { signature } = TrainStep.trainStep(yield* ingredientsOf(planned), sizes)
  return {
    state: signature.state,
    stepsPerEpoch: sizes.stepsPerEpoch,
    epochs: totalEpochs(training, examples),
    steps: totalSteps(training, examples),
    stopping: training.stopping
  }
})

const ends: Readonly<Record<Status, string>> = {
  running: "was killed",
  interrupted: "was interrupted",
  failed: "failed",
  done: "was done"
}

/** Logs from which step a run resumes, and which conditions changed. */
const announce = Effect.fnUntraced(function* (
  { label }: PlannedRun,
  manifest: Manifest,
  previous: Option.Option<Manifest>
) {
  const { earlier = [], fromStep, id } = manifest
  const name = ["run", id, label].filter((part) => part !== "").join(" ")
  if (Option.isNone(previous)) return yield* Effect.logInfo(`${name} is trained`)
  const ended = ends[previous.value.status]
  if (fromStep === 0) {
    return yield* Effect.logWarning(`${name} ${ended} and restarts: it has no checkpoint to resume from`)
  }
  yield* Effect.logInfo(`${name} ${ended} and resumes from step ${fromStep}`)
  const last = earlier.at(-1)
  const changes = last === undefined ? [] : Segments.changes(last, manifest)
  if (changes.length === 0) return
  yield* Effect.logWarning(
    `${name} resumes under other conditions, so its last digits may differ from those of an uninterrupted run: ${changes.join("; ")}`
  )
})

/** The resume point of a run and the segments before it; with `exact`, none that another engine computed. */
const resumeFrom = Effect.fnUntraced(function* (
  { exact = false, planned, provenance }: TrainOptions,
  run: Run,
  previous: Option.Option<Manifest>,
  examples: number
) {
  const { spec } = yield* Engine
  const resume = yield* ResumePoint.findResumePoint(run, yield* expected(planned, examples))
  const fromStep = resume?.checkpoint.step ?? 0
  const earlier = Segments.earlierSegments(previous, fromStep)
  const foreign = earlier.find((segment) => !Segments.sameBits(segment, { engine: spec, ...provenance }))
  if (!exact || foreign === undefined) return { resume, fromStep, earlier }
  const changes = Segments.changes(foreign, { engine: spec, ...provenance })
  yield* Effect.logWarning(`run ${run.id} starts again, because --exact asks for one engine: ${changes.join("; ")}`)
  yield* ResumePoint.discard(run)
  return { resume: undefined, fromStep: 0, earlier: [] }
})

/** Says which epoch's parameters are the result of a training with early stopping. */
const announceResult = ({ id, training }: PlannedRun, history: ReadonlyArray<EpochMetrics>) => {
  const result = EarlyStopping.resultOf(training.stopping, history)
  const why = EarlyStopping.isOver(training.stopping, history) ? "stopped early" : "ended"
  return Effect.logInfo(
    `run ${id} ${why} after epoch ${history.length}; its result is the parameters of epoch ${result?.epoch ?? 0}`
  )
}

/** Trains the run in a folder to its last epoch, from its resume point. */
export const train = Effect.fn("TrainRun.train")(function* (
  options: TrainOptions,
  run: Run
): Effect.fn.Return<void, TrainFailure, Engine | Progress | Scope.Scope> {
  const { checkpointEvery, data, position, planned, provenance } = options
  const engine = yield* Engine
  const loaded = yield* data
  const previous = yield* run.manifest
  const { earlier, fromStep, resume } = yield* resumeFrom(options, run, previous, loaded.train.count)
  const { source, location, digest } = planned.located
  const manifest: Manifest = {
    id: planned.id,
    experiment: planned.experiment,
    parameters: planned.parameters,
    seed: planned.seed,
    specs: planned.specs,
    data: { source, location, digest },
    fromStep,
    engine: engine.spec,
    ...provenance,
    ...(earlier.length > 0 && { earlier }),
    started: yield* DateTime.now,
    status: "running"
  }
  const finish = Effect.fnUntraced(function* (exit: Exit.Exit<void, TrainFailure>) {
    // The clock may have been set back.
    const ended = DateTime.max(manifest.started, yield* DateTime.now)
    if (Exit.isSuccess(exit)) return yield* run.writeManifest({ ...manifest, ended, status: "done" })
    const wasInterrupted = Cause.hasInterruptsOnly(exit.cause)
    yield* run.writeManifest({
      ...manifest,
      ended,
      status: wasInterrupted ? "interrupted" : "failed",
      exit: wasInterrupted ? interrupted : exitOf(exit.cause)
    })
  })
  const toTheEnd = Effect.gen(function* () {
    yield* announce(planned, manifest, previous)
    const history = yield* Train.train({
      run: planned,
      data: loaded,
      position,
      writer: {
        saveCheckpoint: run.saveCheckpoint,
        saveBest: run.saveBest,
        removeCheckpointsFrom: (step) => Effect.andThen(run.removeCheckpointsAfter(step - 1), run.checkpoint),
        appendEpoch: run.appendHistory,
        saveSnapshot: run.saveSnapshot
      },
      checkpointEvery,
      resume
    })
    const { stopping } = planned.training
    const result = EarlyStopping.resultOf(stopping, history)
    if (stopping !== undefined) yield* announceResult(planned, history)
    if (result !== undefined)
      yield* run.writeSummary({ epoch: result.epoch, step: result.step, metrics: result.metrics })
  }).pipe(
    Effect.tapCause((cause) =>
      Cause.hasInterrupts(cause) ? Effect.void : Effect.logInfo(`run ${run.id} failed: ${exitOf(cause).error}`)
    )
  )
  // Once the manifest says "running", the end is always recorded.
  yield* Effect.uninterruptibleMask((restore) =>
    run.writeManifest(manifest).pipe(
      Effect.andThen(restore(toTheEnd)),
      // A disk that cannot store the manifest most likely caused the failure itself.
      Effect.onExit((exit) => (Exit.isSuccess(exit) ? finish(exit) : Effect.ignore(finish(exit))))
    )
  )
})
