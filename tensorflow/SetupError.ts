/**
 * A step of the setup failed.
 */
import { Schema } from "effect"

export class SetupError extends Schema.TaggedError<SetupError>()("SetupError", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}
