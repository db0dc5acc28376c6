/**
 * Resolves an argument of the command line to an experiment or a run.
 *
 * Experiment names take precedence over ids. A run is given by its id or a unique prefix of it, `EXPERIMENT/ID`, or the
 * path of its folder.
 */
import { Effect, FileSystem, Option, Path } from "effect"
import * as Catalogue from "../inspection/Catalogue.ts"
import { ProgramName } from "../console/ProgramName.ts"
import { UsageError } from "../console/UsageError.ts"
import * as LoadExperiment from "../plan/LoadExperiment.ts"
import { varyingNames, label } from "../plan/Plan.ts"

export type Target =
  | { readonly _tag: "Experiment"; readonly experiment: Catalogue.ExperimentEntry }
  | { readonly _tag: "Run"; readonly entry: Catalogue.RunEntry }

const isPath = (word: string): boolean => /[\\/]/.test(word) || word === "." || word === ".."

/** The experiment or run at a path, relative to the user's working directory. */
const atPath = Effect.fnUntraced(function* (word: string) {
  const fs = yield* FileSystem.FileSystem
  const { basename, dirname, join, resolve } = yield* Path.Path
  // Package managers run scripts in the package's folder and pass the user's working directory in INIT_CWD.
  for (const from of [process.env["INIT_CWD"] ?? ".", "."]) {
    const folder = resolve(from, word)
    const exists = (name: string) => Effect.orElseSucceed(fs.exists(join(folder, name)), () => false)
    if (Catalogue.parseName(basename(folder)) !== undefined || (yield* exists("manifest.json"))) {
      if (!(yield* exists("."))) continue
      return Option.some<Target>({
        _tag: "Run",
        entry: yield* Catalogue.runAt(basename(dirname(folder)), folder)
      })
    }
    const experiment = yield* Catalogue.experimentAt(folder).pipe(Effect.orElseSucceed(() => Option.none()))
    if (Option.isSome(experiment)) {
      return Option.some<Target>({ _tag: "Experiment", experiment: experiment.value })
    }
  }
  return Option.none<Target>()
})

/** Runs whose folder name begins with `prefix`; attempts that were set aside only if the prefix says so. */
const beginning = (
  experiments: ReadonlyArray<Catalogue.ExperimentEntry>,
  prefix: string
): ReadonlyArray<Catalogue.RunEntry> =>
  experiments
    .flatMap(({ runs }) => runs)
    .filter(({ name, setAside }) => name.startsWith(prefix) && setAside === prefix.includes("."))

/** Removes duplicate ids; prefers the finished run, like the reuse of runs. */
const preferred = (entries: ReadonlyArray<Catalogue.RunEntry>) =>
  Effect.gen(function* () {
    for (const entry of entries) {
      const manifest = yield* Effect.orElseSucceed(entry.run.manifest, () => Option.none())
      if (Option.isSome(manifest) && manifest.value.status === "done") return entry
    }
    return entries[0]
  })

/** Lists runs: `3f9c1e7a52d0 of beta-sweep (beta=12)`. */
const described = Effect.fnUntraced(function* (entries: ReadonlyArray<Catalogue.RunEntry>) {
  const manifests = yield* Effect.forEach(entries, ({ run }) =>
    Effect.map(
      Effect.orElseSucceed(run.manifest, () => Option.none()),
      Option.getOrUndefined
    )
  )
  const varied = varyingNames(manifests.map((manifest) => manifest?.parameters ?? {}))
  return entries.map(({ name, run }, index) => {
    const words = label(manifests[index]?.parameters ?? {}, varied)
    return `${name} of ${run.experiment}${words === "" ? "" : ` (${words})`}`
  })
})

const unknown = Effect.fnUntraced(function* (catalogue: Catalogue.Catalogue, word: string) {
  const names = catalogue.experiments.map(({ name }) => name)
  const ids = catalogue.experiments.flatMap(({ runs }) => runs.map(({ name }) => name.slice(0, word.length)))
  const looksLikeId = /^[0-9a-f]{4,}$/i.test(word)
  const experiments = yield* LoadExperiment.names
  const reason = experiments.includes(word)
    ? `the experiment "${word}" has no runs in ${catalogue.directory}: ${yield* ProgramName} ${word} trains them.`
    : `there is no experiment and no run "${word}" in ${catalogue.directory}.` +
      LoadExperiment.suggestion(word, looksLikeId ? [...names, ...ids] : names)
  return new UsageError({ reason: `${reason} It holds ${Catalogue.describe(catalogue)}.` })
})

/** Resolves `word` in a results folder. Errors: `UsageError`. */
export const resolve = Effect.fn("Target.resolve")(function* (catalogue: Catalogue.Catalogue, word: string) {
  const named = catalogue.experiments.find(({ name }) => name === word)
  if (named !== undefined) return { _tag: "Experiment", experiment: named } satisfies Target
  const [, of, prefix] = /^(?:([^/\\]+)\/)?([0-9a-f]{1,12}(?:\.attempt-\d+)?)\/?$/i.exec(word) ?? []
  if (prefix !== undefined) {
    const among = catalogue.experiments.filter(({ name }) => of === undefined || name === of)
    const entries = beginning(among, prefix.toLowerCase())
    if (new Set(entries.map(({ name }) => name)).size > 1) {
      const shown = (yield* described(entries)).join(", ")
      return yield* new UsageError({
        reason: `"${word}" is the prefix of ${entries.length} runs: ${shown}; give more digits`
      })
    }
    const entry = yield* preferred(entries)
    if (entry !== undefined) return { _tag: "Run", entry } satisfies Target
  }
  const found = isPath(word) ? yield* atPath(word) : Option.none<Target>()
  return Option.isSome(found) ? found.value : yield* yield* unknown(catalogue, word)
})

/** Resolves `word` to a run. Errors: `UsageError`, also for an experiment. */
export const resolveRun = Effect.fn("Target.resolveRun")(function* (catalogue: Catalogue.Catalogue, word: string) {
  const target = yield* resolve(catalogue, word)
  if (target._tag === "Run") return target.entry
  const runs = target.experiment.runs.filter(({ setAside }) => !setAside)
  if (runs.length === 1) return runs[0]!
  const shown = (yield* described(runs)).join(", ")
  return yield* new UsageError({ reason: `"${word}" is an experiment with ${runs.length} runs; give one of ${shown}` })
})
