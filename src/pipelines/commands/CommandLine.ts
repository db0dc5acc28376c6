/**
 * The command line `exp`. Its flags are derived from the experiment's parameters, so they are typed, checked and
 * documented.
 */
import { Effect } from "effect"
import { Command } from "effect/cli"
import * as All from "./All.ts"
import * as Clean from "./Clean.ts"
import * as Cluster from "./Cluster.ts"
import * as Compare from "./Compare.ts"
import * as Data from "./Data.ts"
import * as Export from "./Export.ts"
import * as List from "./List.ts"
import * as Open from "./Open.ts"
import * as Run from "./Run.ts"
import * as Replay from "./Replay.ts"
import * as Show from "./Show.ts"
import * as Verify from "./Verify.ts"
import * as Worker from "./Worker.ts"
import * as LoadExperiment from "../plan/LoadExperiment.ts"

const root = Command.make("exp", {}, () => List.list).pipe(
  Command.withDescription(
    "Runs experiments with variational autoencoders: exp NAME or exp ./FILE.ts. If an experiment has the name of a command, give its path: ./experiments/show.ts."
  )
)

const commands = [
  List.command,
  All.command,
  Show.command,
  Compare.command,
  Verify.command,
  Replay.command,
  Clean.command,
  Open.command,
  Export.command,
  Data.command,
  Worker.command,
  Cluster.command
] as const

/** Runs `exp` with these arguments. */
export const run = Effect.fn("CommandLine.run")(function* (args: ReadonlyArray<string>, version: string) {
  const [target, ...rest] = args
  const isCommand = commands.some(({ name }) => name === target)
  // Loads only the requested experiment, so that a broken file does not affect others.
  if (target === undefined || target.startsWith("-") || isCommand) {
    return yield* Command.runWith(root.pipe(Command.withSubcommands(commands)), { version })(args)
  }
  const experiment = Run.command(yield* LoadExperiment.load(target), args)
  // The only command, so that an experiment given by its path may have a command's name.
  yield* Command.runWith(root.pipe(Command.withSubcommands([experiment])), { version })([experiment.name, ...rest])
})
