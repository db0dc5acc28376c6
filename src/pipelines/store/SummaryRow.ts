/**
 * The content of `summary.json`: one row per run of an experiment.
 *
 * Metrics are in nats per image unless their name says otherwise. JSON has no `NaN`, `Infinity` and `-Infinity`: they
 * are stored as these words. A run's `directory` is relative to the folder of `summary.json`.
 */
import { Schema } from "effect"

const SummaryRowSchema = Schema.Struct({
  id: Schema.String,
  parameters: Schema.Record(Schema.String, Schema.Json),
  seed: Schema.Int,
  status: Schema.Literals(["done", "failed", "interrupted"]),
  /** Such as `3f9c1e7a52d0`, or `../other-experiment/3f9c1e7a52d0` if another experiment trained the run. */
  directory: Schema.String,
  metrics: Schema.Record(Schema.String, Schema.Number),
  /** Why the run failed. */
  error: Schema.optionalKey(Schema.String),
  /** The values that the experiment's source reported, by metric. */
  reference: Schema.optionalKey(Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite])))
})
/** One run. */
export type SummaryRow = typeof SummaryRowSchema.Type

export const SummarySchema = Schema.Struct({ experiment: Schema.String, runs: Schema.Array(SummaryRowSchema) })
/** All runs of an experiment. */
export type SweepSummary = typeof SummarySchema.Type
