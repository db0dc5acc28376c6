/**
 * A sweep's runs as a table (groups of seeds, sorting, CSV), and navigation between runs along the sweep's parameters.
 */
import type { ReportData, RunData } from "../ReportData.ts"

/** Runs that differ only in their seeds, in the order of the sweep. */
export interface Group {
  readonly key: string
  /** Parameters as command-line values. */
  readonly parameters: Readonly<Record<string, string>>
  readonly runs: ReadonlyArray<RunData>
}

const keyOf = ({ parameters }: RunData): string => JSON.stringify(Object.entries(parameters).sort())

/** Every run in its group. */
export const groupsOf = (runs: ReadonlyArray<RunData>): ReadonlyArray<Group> =>
  [...Map.groupBy(runs, keyOf)].map(([key, members]) => ({ key, parameters: members[0]!.parameters, runs: members }))

/** The command that trains all runs of a group: that of the first run, with all seeds. */
export const commandOf = ({ runs }: Group): string =>
  runs[0]!.command.replace(/ --seed -?\d+$/, ` --seed ${runs.map(({ seed }) => seed).join()}`)

/** Each run as a group of its own. */
export const singles = (runs: ReadonlyArray<RunData>): ReadonlyArray<Group> =>
  runs.map((run) => ({ key: run.id, parameters: run.parameters, runs: [run] }))

/** Whether some runs differ only in their seeds. */
export const hasSeeds = (runs: ReadonlyArray<RunData>): boolean => groupsOf(runs).some(({ runs }) => runs.length > 1)

/** Metrics in order of first appearance, test metrics first. */
export const metricsOf = (runs: ReadonlyArray<RunData>): ReadonlyArray<string> => {
  const names = [...new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))]
  return [...names.filter((name) => name.startsWith("test/")), ...names.filter((name) => !name.startsWith("test/"))]
}

/** Names of the parameters that differ between the runs. */
export const varying = ({ parameters }: ReportData): ReadonlyArray<string> =>
  parameters.flatMap(({ name, varies }) => (varies ? [name] : []))

const valuesOf = (runs: ReadonlyArray<RunData>, metric: string): ReadonlyArray<number> =>
  runs.flatMap(({ metrics }) => (metrics[metric] === undefined ? [] : [metrics[metric]]))

/** A metric's values in a group. */
export const valuesIn = ({ runs }: Group, metric: string): ReadonlyArray<number> => valuesOf(runs, metric)

const comparable = (value: string | number): string | number =>
  typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value)) ? Number(value) : value

/** Numbers in numeric order, then strings in alphabetical order, then missing values. */
export const compare = (left: string | number | undefined, right: string | number | undefined): number => {
  if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined)
  const [a, b] = [comparable(left), comparable(right)]
  if (typeof a === "number" && typeof b === "number") {
    return Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : a - b
  }
  if (typeof a === "number") return -1
  return typeof b === "number" ? 1 : a.localeCompare(b)
}

export interface Order {
  /** A column's name. */
  readonly by: string
  readonly descending: boolean
}

/** Sorts rows by a column's values; stable, missing values last. */
export const sorted = <Row>(
  rows: ReadonlyArray<Row>,
  valueOf: (row: Row) => string | number | undefined,
  descending: boolean
): ReadonlyArray<Row> =>
  rows.toSorted((left, right) => {
    const [a, b] = [valueOf(left), valueOf(right)]
    if (a === undefined || b === undefined) return compare(a, b)
    return (descending ? -1 : 1) * compare(a, b)
  })

const csvCell = (value: string): string =>
  // Spreadsheets interpret such a cell as a formula.
  (/^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value).replace(
    /^.*[",\n\r].*$/s,
    (text) => `"${text.replaceAll('"', '""')}"`
  )

/** All runs with unrounded values as CSV (RFC 4180). */
export const csv = ({ parameters, runs }: ReportData): string => {
  const metrics = metricsOf(runs)
  const references = [...new Set(runs.flatMap(({ reference }) => Object.keys(reference)))]
  const names = parameters.map(({ name }) => name)
  const rows = [
    ["id", "seed", "status", ...names, ...metrics, ...references.map((name) => `${name} (reported)`), "error"],
    ...runs.map((run) => [
      run.id,
      String(run.seed),
      run.status,
      ...names.map((name) => run.parameters[name] ?? ""),
      ...metrics.map((name) => String(run.metrics[name] ?? "")),
      ...references.map((name) => String(run.reference[name] ?? "")),
      run.error ?? ""
    ])
  ]
  return rows.map((row) => row.map(csvCell).join(",") + "\r\n").join("")
}

/** An axis of the sweep: a parameter, or the seed. */
export interface Axis {
  readonly name: string
  /** Sorted; at least two. */
  readonly values: ReadonlyArray<string>
}

const seedAxis = "seed"

/** A run's value on an axis. */
export const placeOf = (run: RunData, { name }: Axis): string =>
  name === seedAxis && run.parameters[name] === undefined ? String(run.seed) : (run.parameters[name] ?? "")

/** The sweep's axes. */
export const axesOf = (data: ReportData): ReadonlyArray<Axis> => {
  const names = varying(data)
  return [...names, ...(names.includes(seedAxis) ? [] : [seedAxis])]
    .map((name) => {
      const places = [...new Set(data.runs.map((run) => placeOf(run, { name, values: [] })))]
      // Numbers are sorted; strings keep the sweep's order.
      const numbers = places.every((place) => typeof comparable(place) === "number")
      return { name, values: numbers ? places.sort(compare) : places }
    })
    .filter(({ values }) => values.length > 1)
}

/** The run with a value on one axis that differs least from the current run on the others. */
export const runAt = (
  runs: ReadonlyArray<RunData>,
  axes: ReadonlyArray<Axis>,
  present: RunData,
  axis: Axis,
  value: string
): RunData => {
  const differences = (run: RunData): number =>
    axes.filter((other) => other.name !== axis.name && placeOf(run, other) !== placeOf(present, other)).length
  return (
    runs
      .filter((run) => placeOf(run, axis) === value)
      .reduce(
        (best, run) => (best === undefined || differences(run) < differences(best) ? run : best),
        undefined as RunData | undefined
      ) ?? present
  )
}
