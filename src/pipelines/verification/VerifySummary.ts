/**
 * Checks that an experiment's summary agrees with its runs' folders.
 */
import { Effect, type FileSystem, Option, Path } from "effect"
import * as Catalogue from "../inspection/Catalogue.ts"
import * as CompareMetrics from "./CompareMetrics.ts"
import { check, failed, type Finding, failuresOr, plural, skipped } from "./Finding.ts"
import * as RunSnapshot from "../inspection/RunSnapshot.ts"
import * as Summary from "../store/Summary.ts"
import type { SummaryRow } from "../store/SummaryRow.ts"

/** The faults of one row. Ignores metrics of evaluations that the experiment no longer has. */
const faultsOf = Effect.fnUntraced(function* (directory: string, row: SummaryRow) {
  const { basename, dirname, resolve } = yield* Path.Path
  const folder = resolve(directory, row.directory)
  const { manifest, metrics } = yield* RunSnapshot.read(yield* Catalogue.runAt(basename(dirname(folder)), folder))
  if (manifest === undefined)
    return row.status === "done" ? [`run ${row.id} is listed, but not in ${row.directory}`] : []
  if (manifest.id !== row.id) return [`the row of run ${row.id} refers to run ${manifest.id}`]
  if (row.status !== "done") return []
  if (manifest.status !== "done") return [`run ${row.id} is done in the summary, ${manifest.status} in its manifest`]
  const named = Object.fromEntries(Object.keys(row.metrics).map((name) => [name, metrics[name]!]))
  const [largest] = CompareMetrics.deviations(named, row.metrics)
  if (largest === undefined) return []
  const { metric, now, recorded } = largest
  return [`run ${row.id}: ${metric} is ${now} in the summary, ${recorded ?? "absent"} in the run's folder`]
})

/** Checks `summary.json` against the runs. */
export const verifySummary = (
  experiment: Catalogue.ExperimentEntry
): Effect.Effect<ReadonlyArray<Finding>, never, FileSystem.FileSystem | Path.Path> =>
  check(
    "summary",
    Effect.gen(function* () {
      const summary = yield* Summary.read(experiment.directory)
      if (Option.isNone(summary)) return [skipped("there is no summary.json")]
      const { experiment: name, runs } = summary.value
      if (name !== experiment.name) return [failed(`summary.json belongs to ${name}`)]
      const faults = (yield* Effect.forEach(runs, (row) => faultsOf(experiment.directory, row))).flat()
      return failuresOr(faults, `summary.json agrees with the folders of ${plural(runs.length, "run")}`)
    })
  )
