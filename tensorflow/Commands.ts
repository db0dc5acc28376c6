/**
 * Programs of this machine that the setup calls.
 */
import { Effect, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { SetupError } from "./SetupError.ts"

export interface Options {
  readonly cwd?: string
  readonly env?: Record<string, string>
}

/** The line in which a program says what went wrong, or else its last. */
const complaint = (said: string): string => {
  const lines = said.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]))
  return lines.find((line) => /\berror\b[:\]]/i.test(line)) ?? lines.at(-1) ?? "it said nothing"
}

/** Runs a program to its end and gives what it said; fails with what it complains of where it does not end well. */
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

/** Whether a program is there and answers. */
export const answers = (command: string, args: ReadonlyArray<string>) => Effect.isSuccess(run(command, args))
