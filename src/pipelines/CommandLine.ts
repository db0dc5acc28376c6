/**
 * The command line `exp`: its flags follow from the experiment's parameters, so they are typed, checked and documented.
 */
import { Effect } from "effect"
import { Command } from "effect/cli"
import * as All from "./commands/All.ts"
import * as List from "./commands/List.ts"
import * as Perform from "./commands/Perform.ts"
import * as LoadExperiment from "./LoadExperiment.ts"

const root = Command.make("exp", {}, () => List.list).pipe(
  Command.withDescription("Runs experiments on variational autoencoders.")
)

const commands: ReadonlyArray<string> = ["list", "all"]

/** Runs the command line with these arguments. */
export const run = Effect.fn("CommandLine.run")(function* (args: ReadonlyArray<string>, version: string) {
  const [target, ...rest] = args
  const named = target !== undefined && !target.startsWith("-") && !commands.includes(target)
  // Only the experiment that is asked for is loaded, so that a broken file stands in nobody else's way.
  const experiment = named ? yield* LoadExperiment.load(target) : undefined
  const known = [List.command, All.command] as const
  const command = root.pipe(
    Command.withSubcommands(experiment === undefined ? known : [...known, Perform.command(experiment)])
  )
  yield* Command.runWith(command, { version })(experiment === undefined ? args : [experiment.name, ...rest])
})
