/**
 * The Python environment of the other libraries' workers: `bench/.venv` with the pins of `bench/requirements.txt`,
 * created at the first run.
 */
import { Effect, FileSystem, Path, Schema, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/** Python's competitors cannot run. */
export class PythonError extends Schema.TaggedError<PythonError>()("PythonError", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

/** Runs a command. Fails with its last line of output. */
const succeed = Effect.fnUntraced(function* (command: string, args: ReadonlyArray<string>) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const child = yield* spawner.spawn(ChildProcess.make(command, args, { stdin: "ignore" }))
  const said = yield* Stream.mkString(Stream.decodeText(child.all))
  if ((yield* child.exitCode) === 0) return
  const last = said.trim().split("\n").at(-1)
  return yield* new PythonError({ reason: `${command} ${args.join(" ")} failed: ${last}` })
}, Effect.scoped)

/** The interpreter. Creates the environment if it is missing or the requirements have changed. */
export const interpreter = Effect.fn("PythonEnvironment.interpreter")(
  function* (folder: string) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const requirements = path.join(folder, "requirements.txt")
    const environment = path.join(folder, ".venv")
    const python = path.join(environment, "bin", "python")
    const installed = path.join(environment, "installed.txt")
    const wanted = yield* fs.readFileString(requirements)
    const present = yield* Effect.orElseSucceed(fs.readFileString(installed), () => "")
    if (present === wanted) return python
    yield* Effect.logInfo(`installing the other libraries into ${environment}, about 7 GB; this takes minutes, once`)
    yield* succeed("python3", ["-m", "venv", "--clear", environment])
    yield* succeed(python, ["-m", "pip", "install", "--quiet", "--requirement", requirements])
    yield* fs.writeFileString(installed, wanted)
    return python
  },
  Effect.catchTag("PlatformError", ({ message }) => Effect.fail(new PythonError({ reason: message })))
)
