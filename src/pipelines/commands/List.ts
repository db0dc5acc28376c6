/**
 * `exp` and `exp list`: lists the experiments with their descriptions.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { ProgramName } from "../console/ProgramName.ts"
import * as LoadExperiment from "../plan/LoadExperiment.ts"

/** Prints the experiments and how to run them. */
export const list = Effect.gen(function* () {
  const names = yield* LoadExperiment.names
  const exp = yield* ProgramName
  // A command of the same name takes precedence.
  const calls = names.map((name) => (LoadExperiment.reserved.includes(name) ? `./experiments/${name}.ts` : name))
  const width = Math.max(0, ...calls.map((call) => call.length))
  yield* Console.log("Experiments in experiments/:\n")
  for (const [index, name] of names.entries()) {
    const words = yield* LoadExperiment.load(name).pipe(
      Effect.map((experiment) => experiment.description),
      Effect.catch((error) => Effect.succeed(`does not load: ${error.reason}`))
    )
    yield* Console.log(`  ${calls[index]!.padEnd(width)}  ${words}`)
  }
  yield* Console.log(`
${exp} NAME              runs what is missing, evaluates, draws
${exp} NAME --help       its parameters
${exp} NAME --plan       its runs, without doing anything
${exp} NAME --quick      a small version: fewer images and epochs, and marked so
${exp} NAME --watch      serves the page of its runs while they are made
${exp} all               every experiment
${exp} ./my/file.ts      an experiment of your own

${exp} open NAME|RUN     its report in the browser: tables, curves, figures, models to play with
${exp} show NAME|RUN     its runs as a table, or everything about one run
${exp} compare A B       what differs between two runs
${exp} verify NAME|RUN   checks every digest, then the numbers
${exp} replay RUN        trains it again elsewhere and compares bits
${exp} export RUN         its model for other programs: --format onnx, safetensors, torch or keras
${exp} clean [NAME|RUN]  lists what can be removed, asks, removes`)
})

export const command = Command.make("list", {}, () => list).pipe(
  Command.withDescription("Lists the experiments with their descriptions")
)
