/**
 * Exit codes of a command line: 0 all runs done, 1 a run failed, 2 wrong usage, 130 interrupted.
 */
import { Cause, Exit, Runtime } from "effect"
import { CliError } from "effect/cli"

/** Errors of the command line's parser are wrong usage; the parser has already printed them. */
const isRefusedArguments = (error: unknown): boolean =>
  CliError.isCliError(error) && !(error._tag === "ShowHelp" && error.errors.length === 0)

/** Calls back with the exit code of a program that ended with this exit. */
export const teardown: Runtime.Teardown = (exit, onExit) =>
  Runtime.defaultTeardown(exit, (code) =>
    onExit(Exit.isFailure(exit) && isRefusedArguments(Cause.squash(exit.cause)) ? 2 : code)
  )
