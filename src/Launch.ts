/**
 * Runs a command line as the main program.
 */
import { createRequire } from "node:module"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Layer, Stdio } from "effect"
import { CliError } from "effect/cli"
import { teardown } from "./pipelines/commands/ExitCode.ts"
import * as LazyHttpClient from "./pipelines/console/LazyHttpClient.ts"
import * as ConsoleLog from "./pipelines/console/ConsoleLog.ts"
import * as Signals from "./pipelines/console/Signals.ts"

/** This package's version. */
export const version: string = (createRequire(import.meta.url)("../package.json") as { readonly version: string })
  .version

const explain = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Console.error("interrupted")
  const error = Cause.squash(cause)
  if (CliError.isCliError(error)) return Effect.void
  return Console.error(
    Cause.hasDies(cause) || !(error instanceof Error) ? Cause.pretty(cause) : `error: ${error.message}`
  )
}

const services = Layer.mergeAll(NodeServices.layer, LazyHttpClient.layer, ConsoleLog.layer)

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
  NodeRuntime.runMain(program, { disableErrorReporting: true, teardown })
}
