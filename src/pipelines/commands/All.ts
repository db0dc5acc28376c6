/**
 * `exp all`: runs every experiment, in sequence.
 */
import { Console, Effect, Runtime, Schema, Stdio } from "effect"
import { Command } from "effect/cli"
import { commonFlags } from "./Flags.ts"
import * as LoadExperiment from "../plan/LoadExperiment.ts"
import { run } from "./Run.ts"

/** Some experiments did not finish. Exit code 1. */
export class ExperimentsFailed extends Schema.TaggedError<ExperimentsFailed>()("ExperimentsFailed", {
  experiments: Schema.Array(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `not all runs finished of: ${this.experiments.join(", ")}; see the reasons above`
  }
}

/** Runs the experiments in sequence. A failed one, for instance without its data, does not stop the others. */
export const command = Command.make(
  "all",
  commonFlags,
  Effect.fn("All.command")(function* (flags) {
    const failed: Array<string> = []
    const args = yield* Stdio.Stdio.use((stdio) => stdio.args)
    const flagsGiven = args.slice(args.indexOf("all") + 1)
    for (const name of yield* LoadExperiment.names) {
      yield* Console.log(`\n== ${name}`)
      yield* LoadExperiment.load(name).pipe(
        Effect.flatMap((experiment) => run(experiment, flags, [name, ...flagsGiven])),
        Effect.catch((error) => {
          failed.push(name)
          return Effect.logError(error.message)
        })
      )
    }
    if (failed.length > 0) return yield* new ExperimentsFailed({ experiments: failed })
  })
).pipe(Command.withDescription("Runs every experiment, in sequence"))
