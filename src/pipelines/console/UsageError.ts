/**
 * Invalid usage of the command line.
 */
import { Runtime, Schema } from "effect"

/** The command line asks for something that is not allowed. Exit code 2. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { reason: Schema.String }) {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return this.reason
  }
}
