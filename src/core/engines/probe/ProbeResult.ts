/**
 * What a trial of a device says, as a line of JSON.
 */
import { Schema } from "effect"

export const ProbeResult = Schema.TaggedUnion({
  /** With the name of the driver where it computes on the CPU. */
  Works: { software: Schema.optionalKey(Schema.String) },
  Fails: { reason: Schema.String }
})
export type ProbeResult = typeof ProbeResult.Type

export const ProbeResultLine = Schema.fromJsonString(ProbeResult)
