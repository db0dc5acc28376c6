/**
 * `exp open NAME`: opens an experiment's report in the browser.
 */
import { platform } from "node:os"
import { Console, Effect, FileSystem, Path, Runtime, Schema } from "effect"
import { Argument, Command } from "effect/cli"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import * as Catalogue from "../inspection/Catalogue.ts"
import { ProgramName } from "../console/ProgramName.ts"
import { ignoredFlags, inspectionFlags } from "./Flags.ts"
import { fileName } from "../report/WriteReport.ts"
import * as Target from "./Target.ts"

/** There is no report, or no program to open it. */
export class OpenError extends Schema.TaggedError<OpenError>()("OpenError", { reason: Schema.String }) {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return this.reason
  }
}

/** The system's command that opens a file in its default program. */
const opener = (path: string): readonly [command: string, ...args: Array<string>] => {
  switch (platform()) {
    case "darwin":
      return ["open", path]
    case "win32":
      return ["rundll32", "url.dll,FileProtocolHandler", path]
    default:
      return ["xdg-open", path]
  }
}

/** Opens a file. Fails if the system's command is missing or fails; does not wait for it otherwise. */
const show = Effect.fnUntraced(function* (path: string) {
  const [command, ...args] = opener(path)
  const refused = new OpenError({ reason: `${command} cannot open it; open this file in a browser: ${path}` })
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const child = yield* Effect.mapError(
    spawner.spawn(
      ChildProcess.make(command, args, { stdin: "ignore", stdout: "ignore", stderr: "ignore", detached: true })
    ),
    () => refused
  )
  yield* Effect.mapError(child.unref, () => refused)
  const code = yield* Effect.timeoutOption(
    Effect.mapError(child.exitCode, () => refused),
    "5 seconds"
  )
  if (code._tag === "Some" && code.value !== 0) return yield* refused
})

export const command = Command.make(
  "open",
  {
    target: Argument.String("name-or-run").pipe(Argument.withDescription("An experiment's name, or a run of it")),
    results: inspectionFlags.results,
    ...ignoredFlags
  },
  Effect.fn("Open.command")(function* ({ results, target }) {
    const fs = yield* FileSystem.FileSystem
    const { dirname, join } = yield* Path.Path
    const found = yield* Target.resolve(yield* Catalogue.read(results), target)
    const folder = found._tag === "Experiment" ? found.experiment.directory : dirname(found.entry.run.directory)
    const page = join(folder, fileName)
    if (!(yield* Effect.orElseSucceed(fs.exists(page), () => false))) {
      return yield* new OpenError({
        reason: `there is no report ${page}; ${yield* ProgramName} NAME writes it after the runs`
      })
    }
    yield* Console.log(page)
    yield* Effect.scoped(show(page))
  })
).pipe(Command.withDescription("Opens an experiment's report in the browser"))
