/**
 * Runs a command line as the main program. Exit codes: 0 all runs done, 1 a run failed, 2 wrong usage, 130 interrupted.
 */
import { createRequire } from "node:module"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Layer, Runtime, Stdio } from "effect"
import { CliError } from "effect/cli"
import { FetchHttpClient } from "effect/http"
import * as ConsoleLog from "./pipelines/console/ConsoleLog.ts"
import * as Signals from "./pipelines/console/Signals.ts"

/** This package's version. */
export const version: string = (createRequire(import.meta.url)("../package.json") as { readonly version: string })
  .version

/** Errors of the command line's parser are wrong usage; the parser has already printed them. */
const isRefusedArguments = (error: unknown): boolean =>
  CliError.isCliError(error) && !(error._tag === "ShowHelp" && error.errors.length === 0)

const explain = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Console.error("interrupted")
  const error = Cause.squash(cause)
  if (CliError.isCliError(error)) return Effect.void
  return Console.error(
    Cause.hasDies(cause) || !(error instanceof Error) ? Cause.pretty(cause) : `error: ${error.message}`
  )
}

// Bun's undici lacks functions that Node's client uses.
const httpClient = "bun" in process.versions ? FetchHttpClient.layer : NodeHttpClient.layerUndici

const services = Layer.mergeAll(NodeServices.layer, httpClient, ConsoleLog.layer)

/** Runs the program with the process's arguments and exits with its exit code. */
export const launch = <E>(
  run: (args: ReadonlyArray<string>) => Effect.Effect<unknown, E, Layer.Success<typeof services>>
): void => {
  const program = Stdio.Stdio.use((stdio) => stdio.args).pipe(
    Effect.flatMap(run),
    Effect.tapCause(explain),
    Effect.provide(services),
    (main) => Effect.scoped(Effect.andThen(Signals.exitOnSecondSignal, main))
  )
  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    teardown: (exit, onExit) =>
      Runtime.defaultTeardown(exit, (code) =>
        onExit(exit._tag === "Failure" && isRefusedArguments(Cause.squash(exit.cause)) ? 2 : code)
      )
  })
}
