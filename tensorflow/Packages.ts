/**
 * The npm packages that `pnpm-lock.yaml` of this folder pins: `@tensorflow/tfjs-node` and `@tensorflow/tfjs`, without
 * TensorFlow.js's core, which they find among the project's packages.
 */
import { Effect, Path } from "effect"
import * as Commands from "./Commands.ts"
import { SetupError } from "./SetupError.ts"

/** This folder. */
export const folder = import.meta.dirname

/** Folder of the installed package. */
export const packageFolder: Effect.Effect<string, never, Path.Path> = Path.Path.use((path) =>
  Effect.succeed(path.join(folder, "node_modules", "@tensorflow", "tfjs-node"))
)

/** Installs the packages with the pnpm that runs this script, or the one on the PATH. */
export const install = Effect.fn("Packages.install")(function* () {
  const path = yield* Path.Path
  const caller = process.env["npm_execpath"] ?? ""
  const args = ["install", "--frozen-lockfile", "--ignore-scripts"]
  const options = { cwd: folder }
  if (!path.basename(caller).startsWith("pnpm")) {
    const said = ({ reason }: SetupError) =>
      new SetupError({ reason: `${reason}; run \`pnpm run setup:tensorflow\`, or put pnpm on the PATH` })
    return yield* Effect.mapError(Commands.run("pnpm", args, options), said)
  }
  // pnpm may be an executable or a script.
  return yield* /\.[cm]?js$/.test(caller)
    ? Commands.run(process.execPath, [caller, ...args], options)
    : Commands.run(caller, args, options)
})
