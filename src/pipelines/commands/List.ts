/**
 * `exp` and `exp list`: the experiments with their descriptions.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import * as LoadExperiment from "../LoadExperiment.ts"

/** Prints the experiments and how they are run. */
export const list = Effect.gen(function* () {
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

export const command = Command.make("list", {}, () => list).pipe(
  Command.withDescription("Lists the experiments with their descriptions")
)
