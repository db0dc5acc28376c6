/**
 * The command line `effect-vae` of the published package: the commands of `exp`, `init` and `doctor`.
 *
 * The word `exp` is optional: `effect-vae beta-sweep` is `effect-vae exp beta-sweep`.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { ProgramName } from "../console/ProgramName.ts"
import * as CommandLine from "./CommandLine.ts"
import * as Doctor from "./Doctor.ts"
import * as Init from "./Init.ts"

/** The commands of `exp`, for `effect-vae --help` and shell completion. */
const experiments = Command.make("exp", {}, () => CommandLine.run([], "")).pipe(
  Command.withDescription("Runs experiments and reads their runs: exp NAME, exp list, show, compare, verify, open, ...")
)

const root = Command.make("effect-vae", {}, () => CommandLine.run([], "")).pipe(
  Command.withDescription("Variational autoencoders: experiments, their runs and reports"),
  Command.withSubcommands([experiments, Init.command, Doctor.command])
)

/** The commands that `exp` does not have. */
const own: ReadonlyArray<string> = ["init", "doctor", "--help", "-h", "--completions"]

/** Runs `effect-vae` with these arguments. */
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
