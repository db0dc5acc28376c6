/**
 * The results folder: `EXPERIMENT/ID/` holds one run, `EXPERIMENT/` the summary and figures of all its runs.
 *
 * Laws: a run is found by its id, whichever experiment it belongs to; one process at a time writes to it.
 */
import { Context, Effect, FileSystem, Layer, Option, Path, type Scope } from "effect"
import type { Figure } from "../../core/Figure.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import * as FigureFolder from "./FigureFolder.ts"
import type { Manifest, Status } from "./Manifest.ts"
import * as Run from "./Run.ts"
import * as RunLock from "./RunLock.ts"
import { StoreError } from "../files/StoreError.ts"
import * as Summary from "./Summary.ts"
import type { SweepSummary, SummaryRow } from "./SummaryRow.ts"

/** A run that has a manifest. Its folder is read-only; use `open` to write. */
export interface FoundRun {
  readonly run: Run.Run
  readonly manifest: Manifest
}

/** The folder of an experiment: the summary and figures of all its runs. */
export interface ExperimentFolder {
  /** Absolute path. */
  readonly directory: string
  /** A run's folder as a summary names it: relative to this folder, with `/` between names. */
  readonly relative: (run: { readonly directory: string }) => string
  readonly summary: Effect.Effect<Option.Option<SweepSummary>, StoreError>
  /** Writes `summary.csv`, `summary.md` and `summary.json`. */
  readonly writeSummary: (runs: ReadonlyArray<SummaryRow>) => Effect.Effect<void, StoreError>
  /** Figures that compare the runs. */
  readonly figures: Effect.Effect<ReadonlyArray<Figure>, StoreError>
  readonly writeFigures: (pictures: ReadonlyArray<FigureFolder.StaticFigure>) => Effect.Effect<void, StoreError>
}

export class RunStore extends Context.Service<
  RunStore,
  {
    /** Absolute path of the results folder. */
    readonly directory: string
    /**
     * Opens a run for training or evaluation, locked for the scope. Fails at once if another process owns it. If
     * another process takes it over nonetheless, writes fail.
     */
    readonly open: (
      experiment: string,
      id: string
    ) => Effect.Effect<Run.Run, StoreError | RunLock.RunLocked, Scope.Scope>
    /** The owner of the run, such as `process 4711 on HOST`; none without a living owner. */
    readonly owner: (id: string) => Effect.Effect<Option.Option<string>, StoreError>
    /**
     * The run of this id. Prefers a finished run, then one of `experiment`. A broken manifest is an error in
     * `experiment`; elsewhere it is skipped with a warning.
     */
    readonly find: (id: string, experiment?: string) => Effect.Effect<Option.Option<FoundRun>, StoreError>
    /** The status of the run of this id; a killed run still says `running`. */
    readonly status: (id: string) => Effect.Effect<Option.Option<Status>, StoreError>
    readonly experiment: (name: string) => Effect.Effect<ExperimentFolder, StoreError>
  }
>()("vae/pipelines/RunStore") {}

const checkId = (path: string, id: string) =>
  /^[0-9a-f]{12}$/.test(id)
    ? Effect.void
    : new StoreError({
        path,
        problem: "cannot read",
        reason: `"${id}" is not a run id; an id has 12 hexadecimal digits`
      })

/** The run with write effects that first check that the caller still owns it. */
const guarded = (run: Run.Run, { check }: RunLock.HeldLock): Run.Run => {
  const guard =
    <A extends ReadonlyArray<any>, B>(write: (...args: A) => Effect.Effect<B, StoreError>) =>
    (...args: A): Effect.Effect<B, StoreError> =>
      Effect.andThen(check, write(...args))
  return {
    ...run,
    writeManifest: guard(run.writeManifest),
    appendHistory: guard(run.appendHistory),
    truncateHistory: guard(run.truncateHistory),
    saveCheckpoint: guard(run.saveCheckpoint),
    removeCheckpointsAfter: guard(run.removeCheckpointsAfter),
    saveBest: guard(run.saveBest),
    saveSnapshot: guard(run.saveSnapshot),
    writeSummary: guard(run.writeSummary),
    writeEvaluation: guard(run.writeEvaluation),
    setAside: Effect.andThen(check, run.setAside)
  }
}

const make = Effect.fnUntraced(function* (results: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const context = Context.make(FileSystem.FileSystem, fs).pipe(Context.add(Path.Path, path))
  const provided = <A, E, R>(effect: Effect.Effect<A, E, R | FileSystem.FileSystem | Path.Path>) =>
    Effect.provideContext(effect, context)
  const directory = path.resolve(results)
  const lock = yield* RunLock.make(path.join(directory, RunLock.folderName))

  const runAt = Effect.fnUntraced(function* (experiment: string, id: string) {
    yield* checkId(directory, id)
    const folder = yield* AtomicFile.entry(directory, experiment)
    return yield* Run.make(experiment, id, path.join(folder, id))
  }, provided)

  const foundAt = (experiment: string, id: string) =>
    Effect.flatMap(runAt(experiment, id), (run) =>
      Effect.map(
        run.manifest,
        Option.map((manifest): FoundRun => ({ run, manifest }))
      )
    )

  /** Other experiments than `own` that have a folder for the run. */
  const others = Effect.fnUntraced(function* (id: string, own: string | undefined) {
    const names = yield* provided(FolderFiles.names(directory))
    return yield* Effect.filter(names.filter((name) => name !== own).sort(), (name) =>
      Effect.orElseSucceed(fs.exists(path.join(directory, name, id, "manifest.json")), () => false)
    )
  })

  const find = Effect.fn("RunStore.find")(function* (id: string, experiment?: string) {
    yield* checkId(directory, id)
    const own = experiment === undefined ? Option.none() : yield* foundAt(experiment, id)
    if (Option.isSome(own) && own.value.manifest.status === "done") return own
    const elsewhere = yield* Effect.forEach(yield* others(id, experiment), (name) =>
      foundAt(name, id).pipe(
        Effect.catch((error) => Effect.as(Effect.logWarning(`A run is skipped. ${error.message}`), Option.none()))
      )
    )
    const found = elsewhere.flatMap(Option.toArray)
    const done = found.find(({ manifest }) => manifest.status === "done")
    return Option.orElse(Option.fromUndefinedOr(done), () => Option.orElse(own, () => Option.fromUndefinedOr(found[0])))
  })

  return RunStore.of({
    directory,
    open: Effect.fn("RunStore.open")(function* (experiment, id) {
      const run = yield* runAt(experiment, id)
      return guarded(run, yield* lock.acquire(id))
    }),
    owner: (id) => Effect.andThen(checkId(directory, id), lock.owner(id)),
    find,
    status: (id) =>
      Effect.map(
        find(id),
        Option.map(({ manifest }) => manifest.status)
      ),
    experiment: Effect.fnUntraced(function* (name): Effect.fn.Return<ExperimentFolder, StoreError, Path.Path> {
      const folder = yield* AtomicFile.entry(directory, name)
      const figures = path.join(folder, "figures")
      return {
        directory: folder,
        relative: (run) => path.relative(folder, run.directory).replaceAll(path.sep, "/"),
        summary: provided(Summary.read(folder)),
        writeSummary: (runs) => provided(Summary.write(folder, { experiment: name, runs })),
        figures: provided(FigureFolder.readAll(figures)),
        writeFigures: (pictures) => provided(FigureFolder.write(figures, pictures))
      }
    }, provided)
  })
})

/** Stores runs in `directory`, which need not exist yet. */
export const layer = (directory: string): Layer.Layer<RunStore, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(RunStore, make(directory))
