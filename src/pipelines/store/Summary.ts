/**
 * What is said of an experiment's runs together: `summary.json` for scripts, `summary.csv` for spreadsheets,
 * `summary.md` for people.
 *
 * Metrics are in nats an image unless their name says otherwise; one that is not a finite number is one of the words
 * `NaN`, `Infinity` and `-Infinity` in JSON. A run's `directory` is relative to the folder of `summary.json`.
 */
import { Effect, type FileSystem, type Option, Path, Schema, Stream } from "effect"
import { Csv } from "effect/encoding"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as JsonFile from "../files/JsonFile.ts"
import type { StoreError } from "../files/StoreError.ts"
import * as SummaryTable from "./SummaryTable.ts"

const RowSchema = Schema.Struct({
  id: Schema.String,
  parameters: Schema.Record(Schema.String, Schema.Json),
  seed: Schema.Int,
  status: Schema.Literals(["done", "failed", "interrupted"]),
  /** Such as `3f9c1e7a52d0`, or `../other-experiment/3f9c1e7a52d0` where another experiment made the run. */
  directory: Schema.String,
  metrics: Schema.Record(Schema.String, Schema.Number),
  /** Why the run failed. */
  error: Schema.optionalKey(Schema.String),
  /** What the experiment's source reported, by metric. */
  reference: Schema.optionalKey(Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite])))
})
/** One run. */
export type Row = typeof RowSchema.Type

const SummarySchema = Schema.Struct({ experiment: Schema.String, runs: Schema.Array(RowSchema) })
export type Summary = typeof SummarySchema.Type

/**
 * The rows as comma-separated values (RFC 4180) with unrounded numbers: the id, the seed, the status, the folder, every
 * parameter, every metric, what the source reported, the error.
 */
export const csv = ({ runs }: Summary): Effect.Effect<string> => {
  const { metrics, parameters, references } = SummaryTable.names(runs)
  const header = [
    "id",
    "seed",
    "status",
    "directory",
    ...parameters,
    ...metrics,
    ...references.map(SummaryTable.referenceHeader),
    "error"
  ]
  const cells = (row: Row): ReadonlyArray<string> => [
    row.id,
    String(row.seed),
    row.status,
    row.directory,
    ...parameters.map((name) => SummaryTable.valueText(row.parameters[name])),
    ...metrics.map((name) => SummaryTable.valueText(row.metrics[name])),
    ...references.map((name) => SummaryTable.valueText(row.reference?.[name])),
    row.error ?? ""
  ]
  return Stream.fromIterable([header, ...runs.map(cells)]).pipe(
    Stream.pipeThroughChannel(Csv.encodeString({ newline: "\n" })),
    Stream.mkString
  )
}

const jsonName = "summary.json"

/** Writes the three files into the experiment's folder, each whole, `summary.json` last. Errors: `StoreError`. */
export const write = Effect.fn("Summary.write")(function* (folder: string, summary: Summary) {
  const { join } = yield* Path.Path
  yield* AtomicFile.write(join(folder, "summary.csv"), yield* csv(summary))
  yield* AtomicFile.write(join(folder, "summary.md"), SummaryTable.markdown(summary))
  yield* JsonFile.write(SummarySchema, join(folder, jsonName), summary)
})

/** The summary of an experiment's folder; none where there is none. Errors: `StoreError`. */
export const read = (
  folder: string
): Effect.Effect<Option.Option<Summary>, StoreError, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(Path.Path, ({ join }) => JsonFile.read(SummarySchema, join(folder, jsonName)))
