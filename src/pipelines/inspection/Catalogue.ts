/**
 * The contents of a results folder: experiments and their runs, recognised by names and manifests.
 *
 * Laws: reading changes nothing; files that this program did not create are ignored; a folder that is not a results
 * folder is rejected.
 */
import { Effect, FileSystem, Option, Path } from "effect"
import { UsageError } from "../console/UsageError.ts"
import * as Run from "../store/Run.ts"
import { fromPlatform, type StoreError } from "../files/StoreError.ts"

/** A run's folder. It may lack a manifest if its process was killed early. */
export interface RunEntry {
  /** The folder's name: the run's id, or `ID.attempt-N` for one that was set aside. */
  readonly name: string
  readonly setAside: boolean
  readonly run: Run.Run
}

/** An experiment's folder. */
export interface ExperimentEntry {
  readonly name: string
  /** Absolute path. */
  readonly directory: string
  /** By name. */
  readonly runs: ReadonlyArray<RunEntry>
}

export interface Catalogue {
  /** Absolute path of the results folder. */
  readonly directory: string
  readonly experiments: ReadonlyArray<ExperimentEntry>
}

/** Valid experiment names. */
const experimentName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** The id in the name of a run's folder; undefined for other names. */
export const parseName = (name: string): { readonly id: string; readonly setAside: boolean } | undefined => {
  const [, id, attempt] = /^([0-9a-f]{12})(\.attempt-[1-9]\d*)?$/.exec(name) ?? []
  return id === undefined ? undefined : { id, setAside: attempt !== undefined }
}

const refuse = (directory: string, what: string) =>
  new UsageError({
    reason: `--results: ${directory} ${what}; give the folder that runs are stored in, with one subfolder per experiment`
  })

const entriesOf = (folder: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readDirectoryEntries(folder)).pipe(
    Effect.mapError(fromPlatform(folder, "read"))
  )

/** Whether a path is a folder, following links. */
const isFolder = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.stat(path)).pipe(
    Effect.map(({ type }) => type === "Directory"),
    Effect.orElseSucceed(() => false)
  )

/** The run in a folder of any name. */
export const runAt = Effect.fnUntraced(function* (experiment: string, directory: string) {
  const name = (yield* Path.Path).basename(directory)
  const parsed = parseName(name)
  const run = yield* Run.make(experiment, parsed?.id ?? name, directory)
  return { name, setAside: parsed?.setAside ?? false, run } satisfies RunEntry
})

/** An experiment's folder; none if it has neither runs nor a summary. Errors: `StoreError`. */
export const experimentAt = Effect.fnUntraced(function* (directory: string) {
  const { basename, join } = yield* Path.Path
  const entries = yield* entriesOf(directory)
  const candidates = entries
    .filter(({ name }) => parseName(name) !== undefined)
    .map(({ name }) => join(directory, name))
  const folders = yield* Effect.filter(candidates.sort(), isFolder)
  const experiment = basename(directory)
  const runs = yield* Effect.forEach(folders, (folder) => runAt(experiment, folder))
  return runs.length > 0 || entries.some(({ name }) => name === "summary.json")
    ? Option.some<ExperimentEntry>({ name: experiment, directory, runs })
    : Option.none<ExperimentEntry>()
})

/** Reads a results folder. Errors: `UsageError` if it is not one. */
export const read = Effect.fn("Catalogue.read")(function* (
  results: string
): Effect.fn.Return<Catalogue, StoreError | UsageError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const { basename, join, resolve } = yield* Path.Path
  const directory = resolve(results)
  if (!(yield* isFolder(directory))) {
    const exists = yield* Effect.orElseSucceed(fs.exists(directory), () => false)
    return yield* refuse(directory, exists ? "is not a folder" : "does not exist")
  }
  if (parseName(basename(directory)) !== undefined) {
    return yield* refuse(directory, "is the folder of one run; its results folder is two levels above")
  }
  if (Option.isSome(yield* experimentAt(directory))) {
    return yield* refuse(directory, "is the folder of one experiment; its results folder is one level above")
  }
  const entries = yield* entriesOf(directory)
  const names = entries
    .map(({ name }) => name)
    .filter((name) => experimentName.test(name) && parseName(name) === undefined)
  const folders = yield* Effect.filter(
    names.sort().map((name) => join(directory, name)),
    isFolder
  )
  const found = yield* Effect.forEach(folders, (folder) =>
    Effect.catch(experimentAt(folder), (error) =>
      Effect.as(Effect.logWarning(`A folder is skipped. ${error.message}`), Option.none<ExperimentEntry>())
    )
  )
  const experiments = found.flatMap(Option.toArray)
  // Hidden files belong to the system, or are locks.
  const foreign = entries.filter(({ name, type }) => type === "File" && !name.startsWith(".")).map(({ name }) => name)
  if (experiments.length === 0 && foreign.length > 0) {
    const more = foreign.length > 3 ? ` and ${foreign.length - 3} more files` : ""
    return yield* refuse(
      directory,
      `is not a results folder: it contains no runs, but ${foreign.slice(0, 3).join(", ")}${more}`
    )
  }
  return { directory, experiments }
})

/** Fails if a folder has contents that are not runs; a folder that does not exist yet is fine. */
export const checkUsable = Effect.fnUntraced(function* (results: string) {
  const fs = yield* FileSystem.FileSystem
  const { resolve } = yield* Path.Path
  if (yield* Effect.orElseSucceed(fs.exists(resolve(results)), () => false)) yield* read(results)
})

/** `3 experiments (a, b, c) with 12 runs`; runs that were set aside do not count. */
export const describe = ({ experiments }: Catalogue): string => {
  const runs = experiments.flatMap((experiment) => experiment.runs.filter(({ setAside }) => !setAside)).length
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`
  const names = experiments.length === 0 ? "" : ` (${experiments.map(({ name }) => name).join(", ")})`
  return `${count(experiments.length, "experiment")}${names} with ${count(runs, "run")}`
}
