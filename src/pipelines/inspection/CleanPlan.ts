/**
 * What may be removed from a results folder: unfinished runs, attempts that were set aside, temporary files of killed
 * processes, and experiment folders without runs.
 *
 * Laws: planning changes nothing; a run that a process is training is kept, and so are files that this program
 * did not create, including links.
 */
import { Clock, DateTime, Effect, FileSystem, Option, Path } from "effect"
import type { Catalogue, ExperimentEntry, RunEntry } from "./Catalogue.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import type { Manifest } from "../store/Manifest.ts"
import * as ManagedFiles from "../store/ManagedFiles.ts"
import { epochsOf } from "./RunSnapshot.ts"
import { RunStore } from "../store/RunStore.ts"
import * as Summary from "../store/Summary.ts"
import type { SweepSummary } from "../store/SummaryRow.ts"

/** Files to remove from one folder, and the folder itself if it is then empty. */
export interface Removal {
  /** Absolute. */
  readonly folder: string
  /** Relative to the results folder. */
  readonly place: string
  /** What it is: `failed at epoch 1 of 15`. */
  readonly what: string
  /** Relative to the folder; folders among them are removed only if they are then empty. */
  readonly files: ReadonlyArray<FolderFiles.FolderFile>
  /** Whether the whole run is removed, not only temporary files in its folder. */
  readonly whole: boolean
  /**
   * The run whose folder it is, which no process may own; absent for an experiment's own files and for attempts that
   * were set aside.
   */
  readonly run?: RunEntry
}

export interface CleanPlan {
  readonly removals: ReadonlyArray<Removal>
  /** What is kept, with the reason. */
  readonly left: ReadonlyArray<string>
}

/** Minimum age of an experiment's temporary file, in milliseconds; a younger one may still be written. */
const oldEnough = 60 * 60 * 1000

const leftover = "left by a killed write"

const folderOf = Effect.fnUntraced(function* (catalogue: Catalogue, folder: string) {
  const { relative, sep } = yield* Path.Path
  return { folder, place: relative(catalogue.directory, folder).replaceAll(sep, "/") }
})

/** Whether a folder's path contains no links. */
const isHere = Effect.fnUntraced(function* (catalogue: Catalogue, folder: string) {
  const fs = yield* FileSystem.FileSystem
  const { join, relative } = yield* Path.Path
  const real = yield* Effect.option(Effect.all([fs.realPath(catalogue.directory), fs.realPath(folder)]))
  return Option.isSome(real) && real.value[1] === join(real.value[0], relative(catalogue.directory, folder))
})

/** `at epoch 3 of 15`. */
const progressText = (run: RunEntry, manifest: Manifest) =>
  Effect.map(
    Effect.orElseSucceed(run.run.readableHistory, () => ({ epochs: [] })),
    ({ epochs }) => `at epoch ${epochs.length} of ${epochsOf(manifest) ?? "?"}`
  )

/** Why a run may be removed; undefined if it must stay. */
export const reason = Effect.fnUntraced(function* (entry: RunEntry, finished: boolean) {
  const found = yield* Effect.result(entry.run.manifest)
  if (entry.setAside) {
    const status = found._tag === "Success" ? Option.getOrUndefined(found.success)?.status : "unreadable"
    return `set aside, ${status ?? "without a manifest"}`
  }
  if (found._tag === "Failure") return undefined
  if (Option.isNone(found.success)) return "without a manifest"
  const manifest = found.success.value
  switch (manifest.status) {
    case "done":
      return finished ? `finished ${DateTime.formatIso(manifest.ended ?? manifest.started).slice(0, 10)}` : undefined
    case "failed":
      return `failed ${yield* progressText(entry, manifest)}`
    case "interrupted":
      return `interrupted ${yield* progressText(entry, manifest)}`
    case "running":
      return `killed ${yield* progressText(entry, manifest)}`
  }
})

/** Other experiments whose summaries refer to a folder. */
const shownBy = Effect.fnUntraced(function* (catalogue: Catalogue, entry: RunEntry) {
  const { resolve } = yield* Path.Path
  const others = catalogue.experiments.filter(({ name }) => name !== entry.run.experiment)
  const naming = yield* Effect.filter(others, ({ directory }) =>
    Effect.map(
      Effect.orElseSucceed(Summary.read(directory), () => Option.none<SweepSummary>()),
      Option.exists(({ runs }) => runs.some((row) => resolve(directory, row.directory) === entry.run.directory))
    )
  )
  return naming.map(({ name }) => name)
})

/** What may be removed from one run. */
export const planRun = Effect.fn("CleanPlan.planRun")(function* (
  catalogue: Catalogue,
  entry: RunEntry,
  finished: boolean
) {
  const at = yield* folderOf(catalogue, entry.run.directory)
  const nothing = (why?: string): CleanPlan => ({ removals: [], left: why === undefined ? [] : [`${at.place} ${why}`] })
  if (!(yield* isHere(catalogue, entry.run.directory))) return nothing("is behind a link")
  if (!entry.setAside && (yield* Effect.result(entry.run.manifest))._tag === "Failure") {
    return nothing("has a manifest that cannot be read; exp verify says what is wrong with it")
  }
  const why = yield* reason(entry, finished)
  const files = yield* FolderFiles.list(entry.run.directory)
  const own = files.filter(why === undefined ? ManagedFiles.isTemporary : ManagedFiles.isManaged("run"))
  if (why === undefined && own.length === 0) return nothing()
  const foreign = why === undefined ? [] : files.filter((file) => file.type !== "Directory" && !own.includes(file))
  if (own.every(({ type }) => type === "Directory") && foreign.length > 0)
    return nothing("contains no files of this program")
  const owner = entry.setAside ? Option.none() : yield* RunStore.use((store) => store.owner(entry.run.id))
  if (Option.isSome(owner)) return nothing(`is being trained by ${owner.value}`)
  const shown = why === undefined ? [] : yield* shownBy(catalogue, entry)
  const also = shown.length === 0 ? "" : `; ${shown.join(", ")} shows it too`
  const removal: Removal = {
    ...at,
    what: why === undefined ? leftover : why + also,
    files: own,
    whole: why !== undefined,
    ...(entry.setAside ? {} : { run: entry })
  }
  return { removals: [removal], left: foreign.map(({ path }) => `${at.place}/${path} does not belong to this program`) }
})

/** What may be removed from an experiment's own files, after the runs `gone` are removed. */
const planOwn = Effect.fnUntraced(function* (
  catalogue: Catalogue,
  experiment: ExperimentEntry,
  gone: ReadonlyArray<Removal>
) {
  const fs = yield* FileSystem.FileSystem
  const { join, resolve } = yield* Path.Path
  const { directory } = experiment
  const at = yield* folderOf(catalogue, directory)
  const own = (yield* FolderFiles.list(directory)).filter(ManagedFiles.isManaged("experiment"))
  const summary = yield* Effect.orElseSucceed(Summary.read(directory), () => Option.none())
  const rows = Option.isSome(summary) ? summary.value.runs : []
  const stays = (folder: string) =>
    gone.some((removal) => removal.folder === folder)
      ? Effect.succeed(false)
      : Effect.orElseSucceed(fs.exists(folder), () => false)
  const shown = yield* Effect.filter(rows, (row) => stays(resolve(directory, row.directory)))
  const staying = yield* Effect.filter(experiment.runs, ({ run }) => stays(run.directory))
  if (staying.length === 0 && shown.length === 0) {
    return own.length === 0 ? [] : [{ ...at, what: "an experiment without runs", files: own, whole: false }]
  }
  const now = yield* Clock.currentTimeMillis
  const left = yield* Effect.filter(own.filter(ManagedFiles.isTemporary), ({ path }) =>
    fs.stat(join(directory, path)).pipe(
      Effect.map(({ mtime }) => Option.exists(mtime, (time) => now - time.getTime() > oldEnough)),
      Effect.orElseSucceed(() => false)
    )
  )
  return left.length === 0 ? [] : [{ ...at, what: leftover, files: left, whole: false }]
})

/** What may be removed from an experiment. */
export const planExperiment = Effect.fn("CleanPlan.planExperiment")(function* (
  catalogue: Catalogue,
  experiment: ExperimentEntry,
  finished: boolean
) {
  if (!(yield* isHere(catalogue, experiment.directory))) {
    return { removals: [], left: [`${experiment.name} is behind a link`] } satisfies CleanPlan
  }
  const plans = yield* Effect.forEach(experiment.runs, (entry) => planRun(catalogue, entry, finished))
  const removals = plans.flatMap((plan) => plan.removals)
  const plan: CleanPlan = {
    removals: [
      ...removals,
      ...(yield* planOwn(
        catalogue,
        experiment,
        removals.filter(({ whole }) => whole)
      ))
    ],
    left: plans.flatMap(({ left }) => left)
  }
  return plan
})
