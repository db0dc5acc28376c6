/**
 * The flags of a command: those of every experiment, and those that follow from an experiment's parameters.
 */
import { Config, Effect, FileSystem, Option, Path, Schema, SchemaTransformation } from "effect"
import { Flag } from "effect/cli"
import * as Experiment from "../../core/Experiment.ts"
import { DecimalText, type Parameter } from "../../core/Parameter.ts"
import * as Sweep from "../../core/Sweep.ts"
import * as CheckpointInterval from "../training/CheckpointInterval.ts"
import * as ChooseEngine from "../training/ChooseEngine.ts"
import { flagName } from "../console/FlagName.ts"
import { UsageError } from "../console/UsageError.ts"
import type { RunOptions } from "../sweep/RunExperiment.ts"

const toggle = (name: string, description: string): Flag.Flag<boolean> =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

/** The flags of every experiment. */
export const commonFlags = {
  seed: Flag.String("seed").pipe(
    Flag.withMetavar("N[,N...]"),
    Flag.withDescription("Seeds; every run of the sweep is trained once per seed"),
    Flag.optional
  ),
  plan: toggle("plan", "Print the runs with their ids and status; train nothing"),
  engine: Flag.Literals("engine", ChooseEngine.names).pipe(
    Flag.withDescription("Engine; auto picks the fastest that works on this machine"),
    Flag.withDefault("auto" as const)
  ),
  device: Flag.Literals("device", ChooseEngine.devices).pipe(
    Flag.withDescription("Device; auto picks the fastest that works on this machine, but no software driver"),
    Flag.withDefault("auto" as const)
  ),
  dataDir: Flag.String("data-dir").pipe(
    Flag.withMetavar("FOLDER"),
    Flag.withDescription("Folder with one subfolder per dataset, such as mnist/ (or the variable VAE_DATA_DIR)"),
    Flag.optional
  ),
  results: Flag.String("results").pipe(
    Flag.withMetavar("FOLDER"),
    Flag.withDescription("Folder where runs are stored"),
    Flag.withDefault("results")
  ),
  quick: toggle(
    "quick",
    "Small version: at most 2,000 training and 500 test images, 2 epochs; labelled as quick everywhere"
  ),
  force: toggle("force", "Train finished runs again; the previous ones are set aside"),
  jobs: Flag.String("jobs").pipe(
    Flag.withMetavar("N"),
    Flag.withDescription(
      "Train N runs at once, each in its own process with its share of the cores; results do not change"
    ),
    Flag.withDefault("1")
  ),
  stack: Flag.String("stack").pipe(
    Flag.withMetavar("N"),
    Flag.withDescription(
      "Train up to N runs that differ in numbers only as one program; auto does so on accelerators, 16 at once; results change in the last digits"
    ),
    Flag.withDefault("auto")
  ),
  cluster: Flag.String("cluster").pipe(
    Flag.withMetavar("ADDRESS"),
    Flag.withDescription(
      "Train on the workers that share this PostgreSQL database, postgres://USER@HOST:PORT/DATABASE (or the variable VAE_CLUSTER)"
    ),
    Flag.optional
  ),
  artifacts: Flag.String("artifacts").pipe(
    Flag.withMetavar("FOLDER"),
    Flag.withDescription("With --cluster: a shared folder for the runs' files (default: the database)"),
    Flag.optional
  ),
  failFast: toggle("fail-fast", "Stop at the first run that fails"),
  keepGoing: toggle("keep-going", "Continue with the other runs when one fails (the default)"),
  retry: Flag.String("retry").pipe(
    Flag.withMetavar("N"),
    Flag.withDescription(
      "Retry a run up to N times from its last checkpoint when its engine or its folder fails; diverged runs are not retried"
    ),
    Flag.withDefault("0")
  ),
  checkpointEvery: Flag.String("checkpoint-every").pipe(
    Flag.withMetavar("N(epochs|s|m|h)"),
    Flag.withDescription("How often to save a checkpoint, such as 5epochs, 90s or 5m; results do not change"),
    Flag.withDefault("30s")
  ),
  exact: toggle(
    "exact",
    "Resume a run only on the engine and instruction set that trained it so far; elsewhere it starts again"
  ),
  watch: toggle("watch", "Serve a live report on localhost while the runs train"),
  port: Flag.String("port").pipe(
    Flag.withMetavar("N"),
    Flag.withDescription("Port for --watch (default: a free port)"),
    Flag.optional
  )
}

/** The flags of the commands that read runs. */
export const inspectionFlags = {
  results: commonFlags.results,
  json: toggle("json", "Print JSON, for scripts")
}

/** The flags of the commands that recompute a run's results. */
export const verificationFlags = {
  results: commonFlags.results,
  dataDir: commonFlags.dataDir,
  engine: commonFlags.engine.pipe(Flag.withDescription("Engine; auto is the engine of the run's training")),
  device: commonFlags.device.pipe(Flag.withDescription("Device; auto is the device of the run's training")),
  experiment: Flag.String("experiment").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("The experiment's file, if it is not in experiments/"),
    Flag.optional
  ),
  evaluations: toggle("evaluations", "Also run the evaluations again, and compare their metrics and figure data")
}

/** Flags that are accepted without effect, so that one set of options works with every command. */
export const ignoredFlags = {
  dataDir: commonFlags.dataDir.pipe(Flag.withHidden),
  engine: commonFlags.engine.pipe(Flag.withHidden),
  device: commonFlags.device.pipe(Flag.withHidden)
}

/** Values of the flags of every experiment. */
export type CommonFlags = {
  readonly [K in keyof typeof commonFlags]: (typeof commonFlags)[K] extends Flag.Flag<infer A> ? A : never
}

/** `default 1`, or `swept over 0, 12, 200` if the experiment's sweep sets the parameter. */
const defaultText = (experiment: Experiment.Experiment<any>, name: string, parameter: Parameter<unknown>): string => {
  const text = (value: unknown) => Schema.encodeSync(parameter.text)(value)
  const swept = [...new Set(Experiment.points(experiment).map((values) => text(values[name])))]
  return swept.length > 1 ? `swept over ${swept.join(", ")}` : `default ${swept[0] ?? text(parameter.default)}`
}

/** A flag per parameter: one value, or several separated by commas. */
export const parameterFlags = (
  experiment: Experiment.Experiment<any>
): Record<string, Flag.Flag<Option.Option<string>>> =>
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

const SeedFromText = DecimalText.pipe(
  Schema.decodeTo(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    SchemaTransformation.numberFromString
  )
)

/** The seeds without duplicates. */
const parseSeeds = (text: string) =>
  Effect.forEach(text.split(","), (seed) =>
    Schema.decodeEffect(SeedFromText)(seed.trim()).pipe(
      Effect.mapError(() => new UsageError({ reason: `--seed ${seed}: a seed is an integer from 0 to 2^53 - 1` }))
    )
  ).pipe(Effect.map((seeds) => [...new Set(seeds)]))

/** More runs than this are probably a typing error, and their list may exceed the memory. */
const maximumRuns = 10_000

/** Applies the flags to the experiment: `--beta 0,4` replaces the sweep's values of beta. */
export const withFlags = Effect.fnUntraced(function* (
  experiment: Experiment.Experiment<any>,
  flags: Readonly<Record<string, unknown>>
) {
  const axes: Record<string, ReadonlyArray<unknown>> = {}
  for (const [name, parameter] of Object.entries(experiment.parameters)) {
    const text = flags[`parameter:${name}`] as Option.Option<string> | undefined
    if (text !== undefined && Option.isSome(text)) axes[name] = yield* parseValues(name, parameter, text.value)
  }
  const text = flags["seed"] as Option.Option<string>
  const seeds = Option.isSome(text) ? yield* parseSeeds(text.value) : experiment.seeds
  const rest = Sweep.without<any>(experiment.sweep, Object.keys(axes)).length
  const runs = Object.values(axes).reduce((count, values) => count * values.length, rest * seeds.length)
  if (runs > maximumRuns)
    return yield* new UsageError({ reason: `the sweep has ${runs} runs: give at most ${maximumRuns}` })
  return experiment.pipe(Experiment.override<any>(Sweep.grid<any>(axes), Object.keys(axes)), Experiment.seeds(...seeds))
})

/** The options of a sweep's execution. */
export const runOptions = Effect.fnUntraced(function* (flags: CommonFlags) {
  const { exact, failFast, force } = flags
  if (failFast && flags.keepGoing) {
    return yield* new UsageError({ reason: "--keep-going and --fail-fast contradict each other; give one of them" })
  }
  const checkpointEvery = CheckpointInterval.parse(flags.checkpointEvery)
  if (checkpointEvery === undefined) {
    const reason = `--checkpoint-every ${flags.checkpointEvery}: give ${CheckpointInterval.syntax}`
    return yield* new UsageError({ reason })
  }
  if (!/^\d{1,4}$/.test(flags.retry)) {
    return yield* new UsageError({ reason: `--retry ${flags.retry}: give an integer from 0 to 9999` })
  }
  const options: Required<RunOptions> = { exact, force, failFast, checkpointEvery, retries: Number(flags.retry) }
  return options
})

/** The requested engine and device, which must be compatible. */
export const engineRequest = ({
  device,
  engine
}: ChooseEngine.EngineRequest): Effect.Effect<ChooseEngine.EngineRequest, UsageError> => {
  const reason = ChooseEngine.unsupportedReason({ device, engine })
  return reason === undefined ? Effect.succeed({ device, engine }) : Effect.fail(new UsageError({ reason }))
}

/** Number of concurrent runs. */
export const jobCount = ({ jobs }: CommonFlags): Effect.Effect<number, UsageError> =>
  /^[1-9]\d{0,2}$/.test(jobs)
    ? Effect.succeed(Number(jobs))
    : Effect.fail(new UsageError({ reason: `--jobs ${jobs}: give an integer from 1 to 999` }))

/** Maximum number of runs that are trained as one program. */
export const stackSize = ({ cluster, jobs, stack }: CommonFlags): Effect.Effect<"auto" | number, UsageError> => {
  const refuse = (reason: string) => Effect.fail(new UsageError({ reason }))
  if (stack === "auto") return Effect.succeed(stack)
  if (!/^[1-9]\d{0,2}$/.test(stack)) return refuse(`--stack ${stack}: give an integer from 1 to 999, or auto`)
  const others = Number(jobs) > 1 ? "--jobs" : Option.isSome(cluster) ? "--cluster" : undefined
  return others === undefined || Number(stack) === 1
    ? Effect.succeed(Number(stack))
    : refuse(`--stack ${stack} trains runs in one process, ${others} in several; give one of them`)
}

/** The port of the live report; undefined for any free port. */
export const portNumber = ({ port }: CommonFlags): Effect.Effect<number | undefined, UsageError> => {
  if (Option.isNone(port)) return Effect.succeed(undefined)
  return /^[1-9]\d{0,4}$/.test(port.value) && Number(port.value) <= 65535
    ? Effect.succeed(Number(port.value))
    : Effect.fail(new UsageError({ reason: `--port ${port.value}: give an integer from 1 to 65535` }))
}

/** `--data-dir`, else `VAE_DATA_DIR`, else undefined. The folder must exist. */
export const dataDirectory = Effect.fnUntraced(function* (flag: Option.Option<string>) {
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
