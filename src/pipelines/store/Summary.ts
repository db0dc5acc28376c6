/**
 * An experiment's summary in three files: `summary.json` for scripts, `summary.csv` for spreadsheets, `summary.md` for
 * people.
 */
import { Effect, type FileSystem, type Option, Path, Stream } from "effect"
import { Csv } from "effect/encoding"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as JsonFile from "../files/JsonFile.ts"
import type { StoreError } from "../files/StoreError.ts"
import { type SummaryRow, SummarySchema, type SweepSummary } from "./SummaryRow.ts"
import * as SummaryTable from "./SummaryTable.ts"

/**
 * The rows as comma-separated values (RFC 4180) with unrounded numbers: the id, the seed, the status, the folder, every
 * parameter, every metric, the source's reported values, the error.
 */
export const csv = ({ runs }: SweepSummary): Effect.Effect<string> => {
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
  const cells = (row: SummaryRow): ReadonlyArray<string> => [
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

/** Writes the three files into the experiment's folder, each atomically, `summary.json` last. Errors: `StoreError`. */
export const write = Effect.fn("Summary.write")(function* (folder: string, summary: SweepSummary) {
  const { join } = yield* Path.Path
  yield* AtomicFile.write(join(folder, "summary.csv"), yield* csv(summary))
  yield* AtomicFile.write(join(folder, "summary.md"), SummaryTable.markdown(summary))
  yield* JsonFile.write(SummarySchema, join(folder, jsonName), summary)
})

/** The summary of an experiment's folder; none if it is missing. Errors: `StoreError`. */
export const read = (
  folder: string
): Effect.Effect<Option.Option<SweepSummary>, StoreError, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(Path.Path, ({ join }) => JsonFile.read(SummarySchema, join(folder, jsonName)))
