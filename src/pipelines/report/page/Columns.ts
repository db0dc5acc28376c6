/**
 * The columns of the table of runs: parameters that differ, the seed, metrics with the spread over the seeds, the status.
 */
import type { ReportData, RunData } from "../ReportData.ts"
import { fixed, spread, spreadText } from "./Numbers.ts"
import { type Group, metricsOf, valuesIn, varying } from "./Runs.ts"

export interface Column {
  readonly name: string
  readonly title: string
  readonly number: boolean
  readonly value: (group: Group) => string | number | undefined
  readonly text: (group: Group) => string
}

const meanOf = (group: Group, metric: string): number | undefined => spread(valuesIn(group, metric))?.mean

/** What the source reported of a metric. */
export const reported = (group: Group, metric: string): string => {
  const value = group.runs[0]!.reference[metric]
  return value === undefined ? "" : typeof value === "number" ? fixed(value) : value
}

const parameterColumn = (data: ReportData, name: string): Column => ({
  name: `parameter ${name}`,
  title: data.parameters.find((parameter) => parameter.name === name)?.description ?? name,
  number: data.runs.every(({ parameters }) => !Number.isNaN(Number(parameters[name]))),
  value: ({ parameters }) => parameters[name],
  text: ({ parameters }) => parameters[name] ?? ""
})

const metricColumn = (name: string): Column => ({
  name: `metric ${name}`,
  title: `${name}: mean over the images, in nats an image unless the name says otherwise`,
  number: true,
  value: (group) => meanOf(group, name),
  text: (group) => {
    const found = spread(valuesIn(group, name))
    return found === undefined ? "" : spreadText(found)
  }
})

const seedColumn: Column = {
  name: "seed",
  title: "what all random numbers of the run follow from",
  number: true,
  value: ({ runs }) => (runs.length === 1 ? runs[0]!.seed : runs.length),
  text: ({ runs }) => (runs.length === 1 ? String(runs[0]!.seed) : `${runs.length} seeds`)
}

const statusOf = ({ epochs, status }: RunData): string =>
  status === "running" ? `running, epoch ${epochs.done} of ${epochs.of}` : status

const statusColumn: Column = {
  name: "status",
  title: "how the run stands",
  number: false,
  value: ({ runs }) => runs.map(statusOf).join(),
  text: ({ runs }) => [...new Set(runs.map(statusOf))].join("; ")
}

/** A column's name for people. */
export const headerOf = ({ name }: Column): string => name.replace(/^(?:parameter|metric) /, "")

/** Metrics of test images, unless all are asked for. */
const shownMetrics = (runs: ReadonlyArray<RunData>, all: boolean): ReadonlyArray<string> => {
  const metrics = metricsOf(runs)
  const main = metrics.filter((name) => name.startsWith("test/"))
  return all || main.length === 0 ? metrics : main
}

/** The columns of a sweep's table. */
export const columnsOf = (data: ReportData, all: boolean): ReadonlyArray<Column> => [
  ...varying(data).map((name) => parameterColumn(data, name)),
  ...(data.runs.length > 1 ? [seedColumn] : []),
  ...shownMetrics(data.runs, all).map(metricColumn),
  statusColumn
]
