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
${exp} NAME              trains missing runs, evaluates, draws figures
${exp} NAME --help       prints its parameters
${exp} NAME --plan       prints its runs, trains nothing
${exp} NAME --quick      a small version with fewer images and epochs, labelled as quick
${exp} NAME --watch      serves a live report during training
${exp} all               runs every experiment
${exp} ./my/file.ts      runs your own experiment

${exp} open NAME|RUN     opens its report in the browser: tables, curves, figures, interactive models
${exp} show NAME|RUN     shows its runs as a table, or one run in detail
${exp} compare A B       shows the differences between two runs
${exp} verify NAME|RUN   checks every digest, then the numbers
${exp} replay RUN        trains it again in another folder and compares bits
${exp} export RUN        writes its model for other programs: --format onnx, safetensors, torch or keras
${exp} clean [NAME|RUN]  lists leftovers, asks for confirmation, removes them`)
})

export const command = Command.make("list", {}, () => list).pipe(
  Command.withDescription("Lists the experiments with their descriptions")
)
