/**
 * The command line `exp`: its flags follow from the experiment's parameters, so they are typed, checked and documented.
 */
import { Config, Console, Effect, FileSystem, Layer, Option, Path, Runtime, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { DataDirectories } from "../core/Dataset.ts"
import * as Experiment from "../core/Experiment.ts"
import type { Parameter } from "../core/Parameter.ts"
import * as Sweep from "../core/Sweep.ts"
import * as ChooseEngine from "./ChooseEngine.ts"
import { describePlan } from "./DescribePlan.ts"
import * as LoadExperiment from "./LoadExperiment.ts"
import { plan } from "./Plan.ts"
import * as Progress from "./Progress.ts"
import * as RunExperiment from "./RunExperiment.ts"
import * as RunStore from "./RunStore.ts"

/** The command line asks for something that is not allowed. Exit code 2. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { reason: Schema.String }) {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return this.reason
  }
}

/** `learningRate` is `--learning-rate`. */
export const flagName = (parameter: string): string =>
  parameter.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const toggle = (name: string, description: string): Flag.Flag<boolean> =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

const commonFlags = {
  seed: Flag.String("seed").pipe(
    Flag.withMetavar("N[,N...]"),
    Flag.withDescription("Seeds; every run of the sweep is made once for each"),
    Flag.optional
  ),
  plan: toggle("plan", "Print the runs and which of them are done; do nothing"),
  engine: Flag.Literals("engine", ChooseEngine.names).pipe(
    Flag.withDescription("What computes: auto picks the fastest that works here"),
    Flag.withDefault("auto" as const)
  ),
  dataDir: Flag.String("data-dir").pipe(
    Flag.withMetavar("FOLDER"),
    Flag.withDescription("Folder with one subfolder a dataset, such as mnist/ (or the variable VAE_DATA_DIR)"),
    Flag.optional
  ),
  results: Flag.String("results").pipe(
    Flag.withMetavar("FOLDER"),
    Flag.withDescription("Where runs are kept"),
    Flag.withDefault("results")
  ),
  force: toggle("force", "Train finished runs again; what they were is kept aside"),
  failFast: toggle("fail-fast", "Stop at the first run that fails")
}

/** `default 1`, or `swept over 0, 12, 200` where the experiment sets the parameter itself. */
const defaultText = (experiment: Experiment.Experiment<any>, name: string, parameter: Parameter<unknown>): string => {
  const text = (value: unknown) => Schema.encodeSync(parameter.text)(value)
  const swept = [...new Set(Experiment.points(experiment).map((values) => text(values[name])))]
  return swept.length > 1 ? `swept over ${swept.join(", ")}` : `default ${swept[0] ?? text(parameter.default)}`
}

const parameterFlags = (experiment: Experiment.Experiment<any>): Record<string, Flag.Flag<Option.Option<string>>> =>
  Object.fromEntries(
    Object.entries(experiment.parameters).map(([name, parameter]) => [
      `parameter:${name}`,
      Flag.String(flagName(name)).pipe(
        Flag.withMetavar("VALUE[,VALUE...]"),
        Flag.withDescription(`${parameter.description} (${defaultText(experiment, name, parameter)})`),
        Flag.optional
      )
    ])
  )

const parseValues = (name: string, parameter: Parameter<unknown>, text: string) =>
  Effect.forEach(text.split(","), (value) =>
    Schema.decodeEffect(parameter.text)(value.trim()).pipe(
      Effect.mapError(
        (error) =>
          new UsageError({
            reason: `--${flagName(name)} ${value}: ${error.message.replaceAll(/\s*\n\s*/g, " ")} (${parameter.description})`
          })
      )
    )
  )

const SeedFromText = Schema.FiniteFromString.check(
  Schema.isInt(),
  Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
)

const parseSeeds = (text: string) =>
  Effect.forEach(text.split(","), (seed) =>
    Schema.decodeEffect(SeedFromText)(seed.trim()).pipe(
      Effect.mapError(() => new UsageError({ reason: `--seed ${seed}: a seed is a whole number from 0 to 2^53 - 1` }))
    )
  )

/** The experiment as the flags ask: `--beta 0,4` replaces the sweep's values of beta. */
const withFlags = Effect.fnUntraced(function* (
  experiment: Experiment.Experiment<any>,
  flags: Readonly<Record<string, unknown>>
) {
  const axes: Record<string, ReadonlyArray<unknown>> = {}
  for (const [name, parameter] of Object.entries(experiment.parameters)) {
    const text = flags[`parameter:${name}`] as Option.Option<string>
    if (Option.isSome(text)) axes[name] = yield* parseValues(name, parameter, text.value)
  }
  const overridden = experiment.pipe(Experiment.override<any>(Sweep.grid<any>(axes), Object.keys(axes)))
  const seeds = flags["seed"] as Option.Option<string>
  return Option.isSome(seeds) ? overridden.pipe(Experiment.seeds(...(yield* parseSeeds(seeds.value)))) : overridden
})

/** `--data-dir`, else `VAE_DATA_DIR`, else none; a folder that is named must exist. */
const dataDirectory = Effect.fnUntraced(function* (flag: Option.Option<string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const variable = yield* Config.option(Config.NonEmptyString("VAE_DATA_DIR")).pipe(Effect.orElseSucceed(Option.none))
  const given = Option.orElse(flag, () => variable)
  if (Option.isNone(given)) return undefined
  const folder = path.resolve(given.value)
  if (!(yield* Effect.orElseSucceed(fs.exists(folder), () => false))) {
    const origin = Option.isSome(flag) ? "--data-dir" : "VAE_DATA_DIR"
    return yield* new UsageError({ reason: `${origin}: there is no folder ${folder}` })
  }
  return folder
})

const runCommand = (experiment: Experiment.Experiment<any>) =>
  Command.make(
    experiment.name,
    { ...commonFlags, ...parameterFlags(experiment) },
    Effect.fn("CommandLine.run")(function* (flags) {
      const swept = yield* withFlags(experiment, flags)
      const directories = Layer.succeed(DataDirectories, {
        dataDirectory: yield* dataDirectory(flags.dataDir),
        cacheDirectory: undefined
      })
      const store = RunStore.layer(flags.results)
      if (flags.plan) {
        return yield* describePlan(swept).pipe(Effect.provide([directories, store]))
      }
      const runs = yield* plan(swept, (dataset) => dataset.locate).pipe(Effect.provide(directories))
      yield* RunExperiment.run(swept, runs, { force: flags.force, failFast: flags.failFast }).pipe(
        Effect.provide([directories, store, ChooseEngine.layer(flags.engine).pipe(Layer.provideMerge(Progress.layer))])
      )
    })
  ).pipe(Command.withDescription(experiment.description))

const description = "Runs experiments on variational autoencoders."

/** `exp` and `exp list`: the experiments with their descriptions. */
const list = Effect.gen(function* () {
  const names = yield* LoadExperiment.names
  const width = Math.max(0, ...names.map((name) => name.length))
  yield* Console.log("Experiments in experiments/:\n")
  for (const name of names) {
    const words = yield* LoadExperiment.load(name).pipe(
      Effect.map((experiment) => experiment.description),
      Effect.catch((error) => Effect.succeed(`does not load: ${error.reason}`))
    )
    yield* Console.log(`  ${name.padEnd(width)}  ${words}`)
  }
  yield* Console.log(`
pnpm run exp NAME              runs what is missing, evaluates, draws
pnpm run exp NAME --help       its parameters
pnpm run exp NAME --plan       its runs, without doing anything
pnpm run exp ./my/file.ts      an experiment of your own`)
})

const root = Command.make("exp", {}, () => list).pipe(Command.withDescription(description))
const listCommand = Command.make("list", {}, () => list).pipe(
  Command.withDescription("Lists the experiments with their descriptions")
)

/** Runs the command line with these arguments. */
export const run = Effect.fn("CommandLine.run")(function* (args: ReadonlyArray<string>, version: string) {
  const [target, ...rest] = args
  const named = target !== undefined && !target.startsWith("-") && target !== "list"
  const experiment = named ? yield* LoadExperiment.load(target) : undefined
  const command = root.pipe(
    Command.withSubcommands(experiment === undefined ? [listCommand] : [listCommand, runCommand(experiment)])
  )
  yield* Command.runWith(command, { version })(experiment === undefined ? args : [experiment.name, ...rest])
})
