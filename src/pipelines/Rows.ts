/**
 * An experiment's runs as rows of a table, as their folders say now: those that its summary names, in the summary's order
 * and wherever they are, then the others of its folder.
 */
import { Effect, type FileSystem, Option, Path } from "effect"
import * as Catalogue from "./Catalogue.ts"
import * as Reading from "./Reading.ts"
import * as Summary from "./Summary.ts"
import type { Shown } from "./SummaryTable.ts"

/** The experiment's summary; none, with a warning, where it cannot be read. */
export const summaryOf = (
  directory: string
): Effect.Effect<Option.Option<Summary.Summary>, never, FileSystem.FileSystem | Path.Path> =>
  Effect.catch(Summary.read(directory), (error) => Effect.as(Effect.logWarning(error.message), Option.none()))

/** A run as a row. The summary's row says what the folder does not: references, evaluations that failed. */
export const rowOf = (reading: Reading.Reading, row: Summary.Row | undefined): Shown => {
  const { entry, faults, manifest, metrics, status } = reading
  const reasons = [...faults.map(({ message }) => message), manifest?.exit?.message ?? row?.error]
  const error = reasons.filter((reason) => reason !== undefined).join("; ")
  // In the order of the summary, which is that of the experiment's evaluations.
  const order = Object.keys(row?.metrics ?? {}).filter((name) => name in metrics)
  return {
    id: entry.name,
    parameters: manifest?.parameters ?? row?.parameters ?? {},
    ...(manifest === undefined ? {} : { seed: manifest.seed }),
    status,
    directory: entry.run.directory,
    metrics: { ...Object.fromEntries(order.map((name) => [name, metrics[name]!])), ...metrics },
    ...(error === "" ? {} : { error }),
    ...(row?.reference === undefined ? {} : { reference: row.reference })
  }
}

/** The row of a run that the summary names, at its folder. */
const named = Effect.fnUntraced(function* (row: Summary.Row, directory: string) {
  const { basename, dirname } = yield* Path.Path
  const reading = yield* Reading.read(yield* Catalogue.runAt(basename(dirname(directory)), directory))
  const isGone = reading.manifest === undefined && reading.faults.length === 0
  const gone: Shown = { ...row, directory, status: `${row.status}, then removed` }
  return isGone ? gone : rowOf(reading, row)
})

/** The rows of an experiment, without what was set aside. */
export const rowsOf = Effect.fn("Rows.rowsOf")(function* ({ directory, runs }: Catalogue.ExperimentEntry) {
  const { resolve } = yield* Path.Path
  const summary = Option.getOrUndefined(yield* summaryOf(directory))
  const places = (summary?.runs ?? []).map((row) => ({ row, at: resolve(directory, row.directory) }))
  const known = yield* Effect.forEach(places, ({ at, row }) => named(row, at))
  const others = runs.filter(({ run, setAside }) => !setAside && places.every(({ at }) => at !== run.directory))
  const readings = yield* Effect.forEach(others, Reading.read)
  return [...known, ...readings.map((reading) => rowOf(reading, undefined))]
})
