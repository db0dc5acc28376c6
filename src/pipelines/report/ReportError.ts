/**
 * The report could not be made. The runs' numbers and figures do not depend on it.
 */
import { Schema } from "effect"

export class ReportError extends Schema.TaggedError<ReportError>()("ReportError", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `the report is not written: ${this.reason}`
  }
}
