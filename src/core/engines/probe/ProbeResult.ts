/**
 * The result of testing a device, as a line of JSON.
 */
import { Schema } from "effect"

export const ProbeResult = Schema.TaggedUnion({
  /** `software` is the name of a driver that computes on the CPU. */
  Works: { software: Schema.optionalKey(Schema.String) },
  Fails: { reason: Schema.String }
})
export type ProbeResult = typeof ProbeResult.Type

export const ProbeResultLine = Schema.fromJsonString(ProbeResult)
