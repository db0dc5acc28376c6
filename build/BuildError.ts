/**
 * The package could not be built.
 */
import { Schema } from "effect"

export class BuildError extends Schema.TaggedError<BuildError>()("BuildError", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return this.reason
  }
}
