/**
 * The command line `effect-vae` of the published package: `exp`, with what a person needs who starts from nothing.
 *
 * The word `exp` may be left out: `effect-vae beta-sweep` is `effect-vae exp beta-sweep`.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { ProgramName } from "../console/ProgramName.ts"
import * as CommandLine from "./CommandLine.ts"
import * as Doctor from "./Doctor.ts"
import * as Init from "./Init.ts"

/** Commands that `exp` has too, so that `effect-vae --help` names them and a shell completes them. */
const experiments = Command.make("exp", {}, () => CommandLine.run([], "")).pipe(
  Command.withDescription("Runs experiments and reads their runs: exp NAME, exp list, show, compare, verify, open, ...")
)

const root = Command.make("effect-vae", {}, () => CommandLine.run([], "")).pipe(
  Command.withDescription("Variational autoencoders: experiments, their runs and reports"),
  Command.withSubcommands([experiments, Init.command, Doctor.command])
)

/** What this package answers itself. */
const own: ReadonlyArray<string> = ["init", "doctor", "--help", "-h", "--completions"]

/** Runs the command line with these arguments. */
export const run = Effect.fn("EffectVae.run")(
  function* (args: ReadonlyArray<string>, version: string) {
    const [first, ...rest] = args
    if (first === "--version" || first === "-v") {
      return yield* Effect.flatMap(Doctor.engineInWords, (engine) => Console.log(`effect-vae ${version}, ${engine}`))
    }
    if (own.includes(first ?? "")) return yield* Command.runWith(root, { version })(args)
    return yield* CommandLine.run(first === "exp" ? rest : args, version)
  },
  Effect.provideService(ProgramName, "npx effect-vae")
)
