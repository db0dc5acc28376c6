/**
 * The report could not be written. The runs' metrics and figures do not depend on it.
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
