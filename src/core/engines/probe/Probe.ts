/**
 * Tests in a child process whether a device computes correctly, because a bad driver may crash or hang the process.
 */
import { Duration, Effect, Fiber, Option, Schema, Stream } from "effect"
import { ChildProcess, type ChildProcessSpawner } from "effect/process"
import type { EngineError } from "../../Engine.ts"
import { engineError } from "../DeviceTensors.ts"
import { type ProbeResult, ProbeResultLine } from "./ProbeResult.ts"

export interface ProbeOptions {
  /** Names of the engine and of the device, for messages. */
  readonly engine: string
  readonly device: string
  /** The script to run, and its arguments. */
  readonly script: string
  readonly args: ReadonlyArray<string>
  /** Time limit of the computation; default: 30 seconds. */
  readonly limit?: Duration.Input
  /** Time limit of the process's exit after the computation; default: 5 seconds. */
  readonly endLimit?: Duration.Input
  /** Additional environment variables. */
  readonly env?: Readonly<Record<string, string>>
}

/** A device that works. */
export type Works = Extract<ProbeResult, { readonly _tag: "Works" }>

/** How a process ended: `was ended by SIGSEGV`; undefined after success. */
const endOf = ({ exitCode }: ChildProcessSpawner.ChildProcessHandle): Effect.Effect<string | undefined> =>
  exitCode.pipe(
    Effect.map((code) => (code === 0 ? undefined : `ended with exit code ${code}`)),
    Effect.catch((error) => {
      const signal = /SIG[A-Z0-9]+/.exec(String(error.reason.cause ?? error))?.[0]
      return Effect.succeed(signal === undefined ? `ended: ${error.message}` : `was ended by ${signal}`)
    })
  )

const linesOf = (bytes: Stream.Stream<Uint8Array, unknown>) =>
  bytes.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.catch(() => Stream.empty)
  )

/** The result of testing a device in a child process. Errors: `EngineError` with the reason why it cannot be used. */
export const probe: (
  options: ProbeOptions
) => Effect.Effect<Works, EngineError, ChildProcessSpawner.ChildProcessSpawner> = Effect.fn("Probe.probe")(function* (
  options
) {
  const { args, device, engine, endLimit = "5 seconds", env = {}, limit = "30 seconds", script } = options
  const fail = (reason: string, cause?: unknown) =>
    Effect.fail(engineError(engine, `a test of ${device}`, reason, cause))

  const handle = yield* ChildProcess.make(process.execPath, [script, ...args], {
    env,
    extendEnv: true,
    stdin: "ignore",
    killSignal: "SIGKILL"
  }).pipe(Effect.catch((error) => fail(`cannot start a process: ${error.message}`, error)))
  const complaint = yield* Effect.forkScoped(
    Stream.runFold(
      linesOf(handle.stderr),
      () => "",
      (last, line) => (line.trim() === "" ? last : line.trim())
    )
  )
  // Drivers may write to the standard output as well.
  const verdict = linesOf(handle.stdout).pipe(
    Stream.map((line) => Schema.decodeUnknownOption(ProbeResultLine)(line)),
    Stream.filter(Option.isSome),
    Stream.runHead,
    Effect.map(Option.flatten),
    Effect.timeoutOption(limit)
  )
  const said = yield* verdict
  if (Option.isNone(said)) {
    return yield* fail(`its driver computed nothing within ${Duration.format(Duration.fromInputUnsafe(limit))}`)
  }
  if (Option.isNone(said.value)) {
    const how = (yield* endOf(handle)) ?? "ended without a message"
    const words = yield* Fiber.join(complaint)
    return yield* fail(`the process that tested it ${how}${words === "" ? "" : ` (${words})`}`)
  }
  const found = said.value.value
  if (found._tag === "Fails") return yield* fail(found.reason)
  const end = yield* Effect.timeoutOption(endOf(handle), endLimit)
  if (Option.isNone(end)) return yield* fail("it computes, but its driver prevents the process from ending")
  if (end.value !== undefined) return yield* fail(`it computes, but the process that tested it ${end.value}`)
  return found
}, Effect.scoped)
