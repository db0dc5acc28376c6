/**
 * Runs programs of this machine for the setup.
 */
import { Effect, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { SetupError } from "./SetupError.ts"

export interface Options {
  readonly cwd?: string
  readonly env?: Record<string, string>
}

/** The first line of output with an error, or else the last line. */
const complaint = (said: string): string => {
  const lines = said.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]))
  return lines.find((line) => /\berror\b[:\]]/i.test(line)) ?? lines.at(-1) ?? "it printed nothing"
}

/** Runs a program and returns its output. Fails with its error message. */
export const run = Effect.fnUntraced(
  function* (command: string, args: ReadonlyArray<string>, options: Options = {}) {
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
    const child = yield* spawner.spawn(
      ChildProcess.make(command, args, { ...options, extendEnv: true, stdin: "ignore" })
    )
    const said = (yield* Stream.mkString(Stream.decodeText(child.all))).trim()
    if ((yield* child.exitCode) === 0) return said
    return yield* new SetupError({ reason: complaint(said) })
  },
  Effect.scoped,
  Effect.catchTag("PlatformError", ({ message }) => Effect.fail(new SetupError({ reason: message })))
)

/** Whether a command succeeds. */
export const answers = (command: string, args: ReadonlyArray<string>) => Effect.isSuccess(run(command, args))
