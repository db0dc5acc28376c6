/**
 * The columns of the table of runs: parameters that differ, the seed, metrics with the spread over the seeds, the status.
 */
import { decimalsFor } from "../../store/Decimals.ts"
import type { ReportData, RunData } from "../ReportData.ts"
import { fixed, spread, spreadText } from "./Numbers.ts"
import { type Group, metricsOf, valuesIn, varying } from "./Runs.ts"

export interface Column {
  readonly name: string
  readonly title: string
  readonly number: boolean
  readonly value: (group: Group) => string | number | undefined
  readonly text: (group: Group) => string
  /** The value that the source reported; empty if none. */
  readonly reported: (group: Group) => string
}

const nothing = (): string => ""

const meanOf = (group: Group, metric: string): number | undefined => spread(valuesIn(group, metric))?.mean

const parameterColumn = (data: ReportData, name: string): Column => ({
  name: `parameter ${name}`,
  title: data.parameters.find((parameter) => parameter.name === name)?.description ?? name,
  number: data.runs.every(({ parameters }) => !Number.isNaN(Number(parameters[name]))),
  value: ({ parameters }) => parameters[name],
  text: ({ parameters }) => parameters[name] ?? "",
  reported: nothing
})

const metricColumn = (groups: ReadonlyArray<Group>, name: string): Column => {
  const spreads = groups.flatMap((group) => spread(valuesIn(group, name)) ?? [])
  const wanted = decimalsFor(spreads.flatMap(({ deviation, mean }) => [mean, deviation ?? 0]))
  // Enough decimals for a mean of counts.
  const counts = groups.every((group) => valuesIn(group, name).every(Number.isInteger))
  const decimals = counts ? Math.min(2, wanted) : wanted
  return {
    name: `metric ${name}`,
    title: `${name}: mean over the images, in nats per image unless the name says otherwise`,
    number: true,
    value: (group) => meanOf(group, name),
    text: (group) => {
      const found = spread(valuesIn(group, name))
      return found === undefined ? "" : spreadText(found, decimals)
    },
    reported: ({ runs }) => {
      const value = runs[0]!.reference[name]
      return value === undefined ? "" : typeof value === "number" ? fixed(value, decimals) : value
    }
  }
}

const seedColumn: Column = {
  name: "seed",
  title: "what all random numbers of the run follow from",
  number: true,
  value: ({ runs }) => (runs.length === 1 ? runs[0]!.seed : runs.length),
  text: ({ runs }) => (runs.length === 1 ? String(runs[0]!.seed) : `${runs.length} seeds`),
  reported: nothing
}

const statusOf = ({ epochs, status }: RunData): string =>
  status === "running" ? `running, epoch ${epochs.done} of ${epochs.of}` : status

const statusColumn: Column = {
  name: "status",
  title: "how the run stands",
  number: false,
  value: ({ runs }) => runs.map(statusOf).join(),
  text: ({ runs }) => [...new Set(runs.map(statusOf))].join("; "),
  reported: nothing
}

/** A column's title. */
export const headerOf = ({ name }: Column): string => name.replace(/^(?:parameter|metric) /, "")

/** Test metrics, or all of them. */
const shownMetrics = (runs: ReadonlyArray<RunData>, all: boolean): ReadonlyArray<string> => {
  const metrics = metricsOf(runs)
  const main = metrics.filter((name) => name.startsWith("test/"))
  return all || main.length === 0 ? metrics : main
}

/** The columns of a sweep's table with these rows. */
export const columnsOf = (data: ReportData, groups: ReadonlyArray<Group>, all: boolean): ReadonlyArray<Column> => [
  ...varying(data).map((name) => parameterColumn(data, name)),
  ...(data.runs.length > 1 ? [seedColumn] : []),
  ...shownMetrics(data.runs, all).map((name) => metricColumn(groups, name)),
  statusColumn
]
