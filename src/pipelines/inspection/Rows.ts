/**
 * An experiment's runs as rows of a table, read from their folders: first those of its summary, in its order and in any
 * experiment's folder, then the other runs of its own folder.
 */
import { Effect, type FileSystem, Option, Path } from "effect"
import * as Catalogue from "./Catalogue.ts"
import * as RunSnapshot from "./RunSnapshot.ts"
import * as Summary from "../store/Summary.ts"
import type { SweepSummary, SummaryRow } from "../store/SummaryRow.ts"
import type { TableRow } from "../store/SummaryTable.ts"

/** The experiment's summary; none, with a warning, if it cannot be read. */
export const summaryOf = (
  directory: string
): Effect.Effect<Option.Option<SweepSummary>, never, FileSystem.FileSystem | Path.Path> =>
  Effect.catch(Summary.read(directory), (error) => Effect.as(Effect.logWarning(error.message), Option.none()))

/** A run as a row. The summary's row adds what the folder lacks: reference values and failed evaluations. */
export const rowOf = (reading: RunSnapshot.RunSnapshot, row: SummaryRow | undefined): TableRow => {
  const { entry, faults, manifest, metrics, status } = reading
  const reasons = [...faults.map(({ message }) => message), manifest?.exit?.message ?? row?.error]
  const error = reasons.filter((reason) => reason !== undefined).join("; ")
  // In the order of the summary, which follows the experiment's evaluations.
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

/** A run of an experiment, with its row in the summary, if any. */
export interface ListedRun {
  readonly entry: Catalogue.RunEntry
  readonly row: SummaryRow | undefined
}

/** The runs of an experiment except those set aside. Some runs of the summary may no longer exist. */
export const runsOf = Effect.fn("Rows.runsOf")(function* ({
  directory,
  runs
}: Catalogue.ExperimentEntry): Effect.fn.Return<ReadonlyArray<ListedRun>, never, FileSystem.FileSystem | Path.Path> {
  const { basename, dirname, resolve } = yield* Path.Path
  const summary = Option.getOrUndefined(yield* summaryOf(directory))
  const named = yield* Effect.forEach(summary?.runs ?? [], (row) => {
    const at = resolve(directory, row.directory)
    return Effect.map(Catalogue.runAt(basename(dirname(at)), at), (entry): ListedRun => ({ entry, row }))
  })
  const others = runs.filter(
    ({ run, setAside }) => !setAside && named.every(({ entry }) => entry.run.directory !== run.directory)
  )
  return [...named, ...others.map((entry) => ({ entry, row: undefined }))]
})

/** The runs as rows. */
export const rowsOf = Effect.fn("Rows.rowsOf")(function* (experiment: Catalogue.ExperimentEntry) {
  return yield* Effect.forEach(yield* runsOf(experiment), ({ entry, row }) =>
    Effect.map(RunSnapshot.read(entry), (reading): TableRow => {
      const isGone = reading.manifest === undefined && reading.faults.length === 0
      return isGone && row !== undefined
        ? { ...row, directory: entry.run.directory, status: `${row.status}, then removed` }
        : rowOf(reading, row)
    })
  )
})
