/**
 * The command line `exp`: its flags follow from the experiment's parameters, so they are typed, checked and documented.
 */
import { Console, Effect, Layer, Runtime, Schema } from "effect"
import { Command } from "effect/cli"
import { DataDirectories } from "../core/Dataset.ts"
import type { Experiment } from "../core/Experiment.ts"
import * as ChooseEngine from "./ChooseEngine.ts"
import { describePlan } from "./DescribePlan.ts"
import { type CommonFlags, commonFlags, dataDirectory, parameterFlags, withFlags } from "./Flags.ts"
import * as LoadExperiment from "./LoadExperiment.ts"
import { plan } from "./Plan.ts"
import * as Progress from "./Progress.ts"
import { quick } from "./Quick.ts"
import * as RunExperiment from "./RunExperiment.ts"
import * as RunStore from "./RunStore.ts"

/** Plans or runs an experiment as the flags ask. */
const perform = Effect.fn("CommandLine.perform")(function* (
  experiment: Experiment<any>,
  flags: CommonFlags & Readonly<Record<string, unknown>>
) {
  const swept = yield* withFlags(flags.quick ? quick(experiment) : experiment, flags)
  const directories = Layer.succeed(DataDirectories, {
    dataDirectory: yield* dataDirectory(flags.dataDir),
    cacheDirectory: undefined
  })
  const store = RunStore.layer(flags.results)
  if (flags.plan) return yield* describePlan(swept).pipe(Effect.provide([directories, store]))
  const runs = yield* plan(swept, (dataset) => dataset.locate).pipe(Effect.provide(directories))
  yield* RunExperiment.run(swept, runs, { force: flags.force, failFast: flags.failFast }).pipe(
    Effect.provide([directories, store, ChooseEngine.layer(flags.engine).pipe(Layer.provideMerge(Progress.layer))])
  )
})

const experimentCommand = (experiment: Experiment<any>) =>
  Command.make(experiment.name, { ...commonFlags, ...parameterFlags(experiment) }, (flags) =>
    perform(experiment, flags)
  ).pipe(Command.withDescription(experiment.description))

/** Some experiments could not be brought to their end. Exit code 1. */
export class ExperimentsFailed extends Schema.TaggedError<ExperimentsFailed>()("ExperimentsFailed", {
  experiments: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `not every run is done of: ${this.experiments.join(", ")}; the reasons stand above`
  }
}

/** Every experiment in its turn; one that fails, for want of its data say, does not keep the others from running. */
const all = Command.make(
  "all",
  commonFlags,
  Effect.fn("CommandLine.all")(function* (flags) {
    const failed: Array<string> = []
    for (const name of yield* LoadExperiment.names) {
      yield* Console.log(`\n== ${name}`)
      yield* LoadExperiment.load(name).pipe(
        Effect.flatMap((experiment) => perform(experiment, flags)),
        Effect.catch((error) => {
          failed.push(name)
          return Effect.logError(error.message)
        })
      )
    }
    if (failed.length > 0) return yield* new ExperimentsFailed({ experiments: failed })
  })
).pipe(Command.withDescription("Runs every experiment, one after the other"))

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
pnpm run exp NAME --quick      a small version: fewer images and epochs, and marked so
pnpm run exp all               every experiment
pnpm run exp ./my/file.ts      an experiment of your own`)
})

const root = Command.make("exp", {}, () => list).pipe(Command.withDescription(description))
const listCommand = Command.make("list", {}, () => list).pipe(
  Command.withDescription("Lists the experiments with their descriptions")
)

const commands: ReadonlyArray<string> = ["list", "all"]

/** Runs the command line with these arguments. */
export const run = Effect.fn("CommandLine.run")(function* (args: ReadonlyArray<string>, version: string) {
  const [target, ...rest] = args
  const named = target !== undefined && !target.startsWith("-") && !commands.includes(target)
  // Only the experiment that is asked for is loaded, so that a broken file stands in nobody else's way.
  const experiment = named ? yield* LoadExperiment.load(target) : undefined
  const known = [listCommand, all] as const
  const command = root.pipe(
    Command.withSubcommands(experiment === undefined ? known : [...known, experimentCommand(experiment)])
  )
  yield* Command.runWith(command, { version })(experiment === undefined ? args : [experiment.name, ...rest])
})
