/**
 * Loads an experiment by name or path, with a clear error if that fails.
 */
import * as Module from "node:module"
import { pathToFileURL } from "node:url"
import { Effect, FileSystem, Path, Runtime, Schema } from "effect"
import { closest, distance } from "fastest-levenshtein"
import { type Experiment, isExperiment } from "../../core/Experiment.ts"

/** An experiment is not found or its file is invalid. */
export class ExperimentError extends Schema.TaggedError<ExperimentError>()("ExperimentError", {
  experiment: Schema.String,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `${this.experiment}: ${this.reason}`
  }
}

/** ` Did you mean "x"?` if one of the candidates is similar, otherwise empty. */
export const suggestion = (word: string, candidates: ReadonlyArray<string>): string => {
  if (candidates.length === 0) return ""
  const nearest = closest(word, candidates)
  return distance(word, nearest) <= Math.max(2, word.length / 3) ? ` Did you mean "${nearest}"?` : ""
}

// A file outside this package may import "effect-vae" and "effect": a bare specifier that its own folders do not
// resolve is resolved from here. Bun and Deno have no such hooks: there the file needs its own packages.
const resolveBareNamesFromHere = (): void => {
  Module.registerHooks?.({
    resolve: (specifier, context, next) => {
      const bare = !/^(?:[./]|[a-z]+:)/i.test(specifier)
      try {
        return next(specifier, context)
      } catch (error) {
        if (!bare) throw error
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
    }
  })
}

/** Command names of `exp`; an experiment with such a name is given by its path. */
export const reserved: ReadonlyArray<string> = [
  "list",
  "show",
  "compare",
  "verify",
  "replay",
  "clean",
  "open",
  "export",
  "data",
  "all",
  "worker",
  "cluster"
]

const faultOf = (value: unknown): string | undefined => {
  if (!isExperiment(value)) {
    return `its default export is ${value === undefined ? "missing" : `of type ${typeof value}`}; export default Experiment.make(...)`
  }
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(value.name)) {
    return `"${value.name}" is not a valid experiment name: letters, digits, ".", "_" and "-" are allowed`
  }
  return undefined
}

const isPath = (target: string): boolean => /[\\/]|\.[cm]?[jt]s$/.test(target)

/** The folder `experiments` of the folder that the command runs in. */
const folder = Effect.map(Path.Path, (path) => path.resolve("experiments"))

/** Names of the files in `experiments/`, in order. */
export const names = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const files = yield* fs.readDirectory(yield* folder).pipe(Effect.orElseSucceed((): Array<string> => []))
  return files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -3))
    .sort()
})

/**
 * Loads an experiment by its name in `experiments/`, or by a path, relative to the user's working directory.
 */
export const load = Effect.fn("LoadExperiment.load")(function* (
  target: string
): Effect.fn.Return<Experiment<any>, ExperimentError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  // Package managers run scripts in the package's folder and pass the user's working directory in INIT_CWD.
  const file = isPath(target)
    ? path.resolve(process.env["INIT_CWD"] ?? ".", target)
    : path.join(yield* folder, `${target}.ts`)
  if (!(yield* Effect.orElseSucceed(fs.exists(file), () => false))) {
    const known = yield* names
    return yield* new ExperimentError({
      experiment: target,
      reason: isPath(target)
        ? `there is no file ${file}`
        : `no such experiment.${suggestion(target, [...known, ...reserved])} There are: ${known.join(", ")}; a path such as ./mine.ts works too`
    })
  }
  const module: { readonly default?: unknown } = yield* Effect.tryPromise({
    try: () => import(pathToFileURL(file).href),
    catch: (cause) =>
      new ExperimentError({
        experiment: target,
        reason: `${file} does not load: ${cause instanceof Error ? cause.message : String(cause)}`,
        cause
      })
  })
  const fault = faultOf(module.default)
  if (fault !== undefined) return yield* new ExperimentError({ experiment: target, reason: `${file}: ${fault}` })
  return module.default as Experiment<any>
})

resolveBareNamesFromHere()
