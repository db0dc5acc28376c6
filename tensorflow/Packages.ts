/**
 * The npm packages, as `pnpm-lock.yaml` of this folder pins them: `@tensorflow/tfjs-node` without TensorFlow.js itself,
 * which it then finds among the project's packages.
 */
import { Effect, Path } from "effect"
import * as Commands from "./Commands.ts"
import { SetupError } from "./SetupError.ts"

/** This folder. */
export const folder = import.meta.dirname

/** Where the package lies once it is installed. */
export const packageFolder: Effect.Effect<string, never, Path.Path> = Path.Path.use((path) =>
  Effect.succeed(path.join(folder, "node_modules", "@tensorflow", "tfjs-node"))
)

/** Installs the packages, with the pnpm that runs this script or the one on the path. */
export const install = Effect.fn("Packages.install")(function* () {
  const path = yield* Path.Path
  const caller = process.env["npm_execpath"] ?? ""
  const args = ["install", "--frozen-lockfile", "--ignore-scripts"]
  const options = { cwd: folder }
  if (!path.basename(caller).startsWith("pnpm")) {
    const said = ({ reason }: SetupError) =>
      new SetupError({ reason: `${reason}; call this as \`pnpm run setup:tensorflow\`, or with pnpm on the path` })
    return yield* Effect.mapError(Commands.run("pnpm", args, options), said)
  }
  // A pnpm may be a program of its own or a script.
  return yield* /\.[cm]?js$/.test(caller)
    ? Commands.run(process.execPath, [caller, ...args], options)
    : Commands.run(caller, args, options)
})
