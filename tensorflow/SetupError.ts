/**
 * Why a step of the setup did not end well, and what to do.
 */
import { Schema } from "effect"

export class SetupError extends Schema.TaggedError<SetupError>()("SetupError", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}
