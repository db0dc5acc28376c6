/**
 * One run's folder.
 *
 * Laws: every file is complete or absent, and the folder can be read at any time; the file written last guarantees the
 * others: an evaluation's result comes after its figures, the summary after the history, the manifest's end after both.
 */
import { Context, Effect, FileSystem, Logger, Option, Path, Schema, type Scope } from "effect"
import type { Figure } from "../../core/Figure.ts"
import type { Spec } from "../../core/Spec.ts"
import type { HostTensors } from "../../core/Tensors.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as Checkpoint from "./Checkpoint.ts"
import * as FigureFolder from "./FigureFolder.ts"
import * as History from "./History.ts"
import * as JsonFile from "../files/JsonFile.ts"
import * as Manifest from "./Manifest.ts"
import * as Snapshot from "./Snapshot.ts"
import { fromPlatform, type StoreError } from "../files/StoreError.ts"

/** A run's final epoch, step and metrics. */
const RunSummary = Schema.Struct({
  epoch: Schema.Natural,
  step: Schema.Natural,
  /** The last epoch's, in nats per image. */
  metrics: Schema.Record(Schema.String, Schema.Number)
})
export type RunSummary = typeof RunSummary.Type

export const EvaluationResult = Schema.Struct({
  spec: Manifest.SpecSchema,
  metrics: Schema.Record(Schema.String, Schema.Number),
  /** Names of its figures, animations and pages in the folder `figures`. */
  figures: Schema.Array(Schema.String),
  /** The spec of the engine that computed it; absent in older ones. */
  engine: Schema.optionalKey(Manifest.EngineSpec)
})
export type EvaluationResult = typeof EvaluationResult.Type

/** The contents of a run's folder. All effects fail only with `StoreError`. */
export interface Run {
  readonly id: string
  readonly experiment: string
  /** Absolute path. */
  readonly directory: string
  readonly manifest: Effect.Effect<Option.Option<Manifest.Manifest>, StoreError>
  readonly writeManifest: (manifest: Manifest.Manifest) => Effect.Effect<void, StoreError>
  /** One line per epoch, oldest first; empty before the first. */
  readonly history: Effect.Effect<ReadonlyArray<EpochMetrics>, StoreError>
  readonly appendHistory: (epoch: EpochMetrics) => Effect.Effect<void, StoreError>
  /** The lines of the history before the first damaged one. */
  readonly readableHistory: Effect.Effect<History.ReadableHistory, StoreError>
  /** Removes the epochs after `epoch`, and lines that cannot be read. */
  readonly truncateHistory: (epoch: number) => Effect.Effect<void, StoreError>
  /** The newest intact checkpoint. */
  readonly checkpoint: Effect.Effect<Option.Option<Checkpoint.Checkpoint>, StoreError>
  /** The newest intact checkpoint without a fault; warns about those that are skipped. */
  readonly validCheckpoint: (
    fault: (checkpoint: Checkpoint.Checkpoint) => string | undefined
  ) => Effect.Effect<Option.Option<Checkpoint.Checkpoint>, StoreError>
  readonly saveCheckpoint: (checkpoint: Checkpoint.Checkpoint) => Effect.Effect<void, StoreError>
  /** Removes the checkpoints after `step`, which cannot be resumed from. */
  readonly removeCheckpointsAfter: (step: number) => Effect.Effect<void, StoreError>
  /** The state at the end of the epoch with the lowest test loss. */
  readonly best: Effect.Effect<Option.Option<Checkpoint.BestCheckpoint>, StoreError>
  readonly saveBest: (best: Checkpoint.BestCheckpoint) => Effect.Effect<void, StoreError>
  /** Saves the parameters of a state at the end of an epoch; epoch 0 is before training. */
  readonly saveSnapshot: (epoch: number, state: HostTensors) => Effect.Effect<void, StoreError>
  readonly hasSnapshot: (epoch: number) => Effect.Effect<boolean>
  /** The parameters at the end of an epoch. */
  readonly snapshot: (epoch: number) => Effect.Effect<Option.Option<HostTensors>, StoreError>
  readonly summary: Effect.Effect<Option.Option<RunSummary>, StoreError>
  readonly writeSummary: (summary: RunSummary) => Effect.Effect<void, StoreError>
  /** An evaluation's result by the evaluator's id; none also if one of its figures is missing. */
  readonly evaluation: (id: string) => Effect.Effect<Option.Option<EvaluationResult>, StoreError>
  /**
   * Stores figures, animations and pages, then the result that names them. Another evaluator's result that names one of
   * them is removed first, because its figure is replaced.
   */
  readonly writeEvaluation: (
    id: string,
    result: Omit<EvaluationResult, "figures" | "spec"> & { readonly spec: Spec },
    artifacts: ReadonlyArray<FigureFolder.StoredFigure>
  ) => Effect.Effect<void, StoreError>
  readonly figure: (name: string) => Effect.Effect<Option.Option<Figure>, StoreError>
  /** By name. */
  readonly figures: Effect.Effect<ReadonlyArray<Figure>, StoreError>
  /** Removes the temporary files of a killed process; for the process that owns the run. */
  readonly removeTemporaryFiles: Effect.Effect<void>
  /** A logger that writes to `run.log`; write errors are ignored. */
  readonly logger: Effect.Effect<Logger.Logger<unknown, void>, StoreError, Scope.Scope>
  /**
   * Moves the folder aside as `ID.attempt-N`, so that the run can be trained again without losing anything; returns the
   * new path, or none if there was no folder.
   */
  readonly setAside: Effect.Effect<Option.Option<string>, StoreError>
}

const setAside = Effect.fn("Run.setAside")(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  if (!(yield* fs.exists(directory))) return Option.none<string>()
  let attempt = 1
  while (yield* fs.exists(`${directory}.attempt-${attempt}`)) attempt++
  const aside = `${directory}.attempt-${attempt}`
  yield* Effect.uninterruptible(fs.rename(directory, aside))
  return Option.some(aside)
})

const removeTemporaries = (directory: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { basename, join } = yield* Path.Path
    const names = yield* fs.readDirectory(directory, { recursive: true })
    const left = names.filter((name) => AtomicFile.isTemporary(basename(name)))
    yield* Effect.forEach(left, (name) => fs.remove(join(directory, name), { force: true }), { discard: true })
  }).pipe(Effect.ignore)

/** Results of other evaluators that name one of these figures. */
const overwritten = Effect.fnUntraced(function* (folder: string, own: string, names: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const entries = yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])
  const paths = entries.filter((entry) => entry.endsWith(".json")).map((entry) => join(folder, entry))
  return yield* Effect.filter(
    paths.filter((path) => path !== own),
    (path) =>
      // An unreadable result guarantees nothing.
      Effect.orElseSucceed(JsonFile.read(EvaluationResult, path), () => Option.none()).pipe(
        Effect.map((result) => Option.isSome(result) && result.value.figures.some((name) => names.includes(name)))
      )
  )
})

const evaluation = Effect.fnUntraced(function* (figures: string, path: string) {
  const result = yield* JsonFile.read(EvaluationResult, path)
  if (Option.isNone(result)) return result
  const present = yield* Effect.forEach(result.value.figures, (name) => FigureFolder.has(figures, name))
  return present.every((has) => has) ? result : Option.none()
})

/** The run stored in a folder; reads and writes nothing yet. */
export const make = Effect.fnUntraced(function* (
  experiment: string,
  id: string,
  directory: string
): Effect.fn.Return<Run, never, FileSystem.FileSystem | Path.Path> {
  const path = yield* Path.Path
  const { join } = path
  const fs = yield* FileSystem.FileSystem
  // Only these two: loggers and scopes are the caller's.
  const context = Context.make(FileSystem.FileSystem, fs).pipe(Context.add(Path.Path, path))
  const provided = <A, E, R>(effect: Effect.Effect<A, E, R | FileSystem.FileSystem | Path.Path>) =>
    Effect.provideContext(effect, context)
  const manifest = join(directory, "manifest.json")
  const history = join(directory, "metrics.ndjson")
  const checkpoints = join(directory, "checkpoints")
  const snapshots = join(directory, "snapshots")
  const summary = join(directory, "summary.json")
  const figures = join(directory, "figures")
  const log = join(directory, "run.log")
  const evaluationFile = (evaluator: string) => AtomicFile.entry(join(directory, "evaluations"), `${evaluator}.json`)
  return {
    id,
    experiment,
    directory,
    manifest: provided(Manifest.read(manifest)),
    writeManifest: (value) => provided(Manifest.write(manifest, value)),
    history: provided(History.read(history)),
    readableHistory: provided(History.readValid(history)),
    appendHistory: (epoch) => provided(History.append(history, epoch)),
    truncateHistory: (epoch) => provided(History.truncate(history, epoch)),
    checkpoint: provided(Checkpoint.newest(checkpoints, id)),
    validCheckpoint: (fault) => provided(Checkpoint.newest(checkpoints, id, fault)),
    saveCheckpoint: (checkpoint) => provided(Checkpoint.save(checkpoints, id, checkpoint)),
    removeCheckpointsAfter: (step) =>
      Effect.mapError(provided(Checkpoint.prune(checkpoints, step)), (error) =>
        error._tag === "StoreError" ? error : fromPlatform(checkpoints, "write")(error)
      ),
    best: provided(Checkpoint.best(checkpoints, id)),
    saveBest: (best) => provided(Checkpoint.saveBest(checkpoints, id, best)),
    saveSnapshot: (epoch, state) => provided(Snapshot.save(snapshots, id, epoch, state)),
    hasSnapshot: (epoch) => provided(Snapshot.has(snapshots, epoch)),
    snapshot: (epoch) => provided(Snapshot.read(snapshots, id, epoch)),
    summary: provided(JsonFile.read(RunSummary, summary)),
    writeSummary: (value) => provided(JsonFile.write(RunSummary, summary, value)),
    evaluation: (evaluator) =>
      evaluationFile(evaluator).pipe(
        Effect.flatMap((path) => evaluation(figures, path)),
        provided
      ),
    writeEvaluation: (evaluator, result, artifacts) =>
      Effect.gen(function* () {
        const path = yield* evaluationFile(evaluator)
        const names = artifacts.map(FigureFolder.nameOf)
        const stale = yield* overwritten(join(directory, "evaluations"), path, names)
        yield* Effect.forEach(stale, (other) => Effect.mapError(fs.remove(other), fromPlatform(other, "write")))
        if (artifacts.length > 0) yield* FigureFolder.write(figures, artifacts)
        yield* JsonFile.write(EvaluationResult, path, { ...result, figures: names })
      }).pipe(provided),
    figure: (name) => provided(FigureFolder.read(figures, name)),
    figures: provided(FigureFolder.readAll(figures)),
    removeTemporaryFiles: provided(removeTemporaries(directory)),
    logger: AtomicFile.makeFolder(directory).pipe(
      Effect.andThen(Effect.mapError(Logger.toFile(Logger.formatLogFmt, log), fromPlatform(log, "write"))),
      provided
    ),
    setAside: setAside(directory).pipe(
      Effect.catchTag("PlatformError", (error) => Effect.fail(fromPlatform(directory, "write")(error))),
      provided
    )
  }
})
