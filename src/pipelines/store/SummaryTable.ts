/**
 * A summary as a table: varying parameters first, then metrics with enough decimals to tell the runs apart, then seed,
 * id and status.
 */
import { canonicalJson, type Json } from "../../core/Spec.ts"
import * as Columns from "./Columns.ts"
import { decimalsFor, isUnfit } from "./Decimals.ts"
import type { SummaryRow, SweepSummary } from "./SummaryRow.ts"

/** A run as a row of a table; a run with an unreadable manifest has few values. */
export interface TableRow extends Omit<SummaryRow, "seed" | "status"> {
  readonly seed?: number
  readonly status: string
}

const distinct = (columnNames: Iterable<string>): ReadonlyArray<string> => [...new Set(columnNames)]

/** Names of the columns of the rows, in order of first appearance. */
export const names = (runs: ReadonlyArray<TableRow>) => ({
  parameters: distinct(runs.flatMap((row) => Object.keys(row.parameters))),
  metrics: distinct(runs.flatMap((row) => Object.keys(row.metrics))),
  references: distinct(runs.flatMap((row) => Object.keys(row.reference ?? {})))
})

/** Header of the column with the value that the experiment's source reported for a metric. */
export const referenceHeader = (name: string): string => `${name} (reported)`

/** A value as text, unrounded; lists as `512-256`. */
export const valueText = (value: Json | undefined): string => {
  if (value === undefined) return ""
  if (typeof value === "string") return value
  if (Array.isArray(value)) return value.map(valueText).join("-")
  return typeof value === "object" ? canonicalJson(value) : String(value)
}

/** A number with `decimals` decimals; three significant digits if it is too small or too large for them. */
export const numberText = (value: string | number | undefined, decimals: number): string => {
  if (typeof value !== "number") return value ?? ""
  if (!Number.isFinite(value)) return String(value)
  if (!isUnfit(value, decimals)) return value.toFixed(decimals)
  const size = Math.abs(value)
  return size < 1e-3 || size >= 1e6 ? value.toExponential(2) : value.toPrecision(3)
}

/** A column of numbers with the same number of decimals. */
const numbers = (
  runs: ReadonlyArray<TableRow>,
  header: string,
  valueOf: (row: TableRow) => string | number | undefined
): Column => {
  const decimals = decimalsFor(runs.map(valueOf).filter((value) => typeof value === "number"))
  return { header, cell: (row) => numberText(valueOf(row), decimals), right: true, optional: true }
}

/** Parameters that vary between the rows. */
const varying = (runs: ReadonlyArray<TableRow>, parameters: ReadonlyArray<string>): ReadonlyArray<string> =>
  parameters.filter((name) => new Set(runs.map((row) => canonicalJson(row.parameters[name] ?? null))).size > 1)

interface Column {
  readonly header: string
  readonly cell: (row: TableRow) => string
  /** Whether cells are right-aligned, as numbers are. */
  readonly right: boolean
  /** Whether the column may be dropped if the line is too narrow. */
  readonly optional: boolean
}

const columns = (runs: ReadonlyArray<TableRow>): ReadonlyArray<Column> => {
  const { metrics, parameters, references } = names(runs)
  const fixed = { right: false, optional: false }
  return [
    ...varying(runs, parameters).map((name): Column => ({
      header: name,
      cell: (row) => valueText(row.parameters[name]),
      right: runs.every((row) => typeof row.parameters[name] === "number"),
      optional: false
    })),
    ...metrics.map((name) => numbers(runs, name, (row) => row.metrics[name])),
    ...references.map((name) => numbers(runs, referenceHeader(name), (row) => row.reference?.[name])),
    { header: "seed", cell: (row) => valueText(row.seed), right: true, optional: false },
    { header: "id", cell: (row) => row.id, ...fixed },
    { header: "status", cell: (row) => row.status, ...fixed }
  ]
}

/** `latent = 2, epochs = 15`: the parameters that all rows share. */
export const commonParameters = (runs: ReadonlyArray<TableRow>): string => {
  const { parameters } = names(runs)
  const vary = new Set(varying(runs, parameters))
  return parameters
    .filter((name) => !vary.has(name))
    .map((name) => `${name} = ${valueText(runs[0]!.parameters[name])}`)
    .join(", ")
}

const failures = (runs: ReadonlyArray<TableRow>): ReadonlyArray<string> =>
  runs.flatMap((row) => (row.error === undefined ? [] : [`${row.id}: ${row.error}`]))

const escape = (cell: string): string => cell.replace(/\s+/g, " ").replace(/[\\|`*_[\]<>]/g, "\\$&")

/** The table as Markdown; ids link to the runs' folders. */
export const markdown = ({ experiment, runs }: SweepSummary): string => {
  const shown = columns(runs)
  const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`
  const cellOf = (row: TableRow) => (column: Column) =>
    column.header === "id" ? `[${row.id}](${encodeURI(row.directory)})` : escape(column.cell(row))
  const table = [
    line(shown.map(({ header }) => escape(header))),
    line(shown.map(({ right }) => (right ? "---:" : "---"))),
    ...runs.map((row) => line(shown.map(cellOf(row))))
  ]
  const constant = commonParameters(runs)
  const blocks = [
    `# ${escape(experiment)}`,
    "Metrics are in nats per image unless their name says otherwise.",
    constant === "" ? [] : `In every run: ${escape(constant)}.`,
    table.join("\n"),
    failures(runs)
      .map((failure) => `- ${escape(failure)}`)
      .join("\n")
  ]
  return `${blocks
    .flat()
    .filter((block) => block !== "")
    .join("\n\n")}\n`
}

/** Columns that fit into a line; the last optional ones are dropped first. */
const fitting = (all: ReadonlyArray<Column>, widthOf: (column: Column) => number, width: number) => {
  let shown = all
  while (shown.reduce((sum, column) => sum + widthOf(column) + Columns.gap, -Columns.gap) > width) {
    const last = shown.findLastIndex(({ optional }) => optional)
    if (last < 0) break
    shown = shown.filter((_, index) => index !== last)
  }
  return shown
}

/**
 * The table as aligned lines for a terminal, at most `width` characters wide if possible, without a final line break.
 * `elsewhere` names where the dropped columns can be seen.
 */
export const plain = (
  { runs }: Omit<SweepSummary, "runs"> & { readonly runs: ReadonlyArray<TableRow> },
  width: number = Number.POSITIVE_INFINITY,
  elsewhere = "summary.md"
): string => {
  const all = columns(runs)
  const laidOut = ({ cell, header, right }: Column): Columns.Column => ({ header, cells: runs.map(cell), right })
  const shown = fitting(all, (column) => Columns.widthOf(laidOut(column)), width)
  const left = all.filter((column) => !shown.includes(column)).map(({ header }) => header)
  return [
    ...Columns.lines(shown.map(laidOut)),
    ...(left.length === 0 ? [] : [`${elsewhere} also has ${left.join(", ")}`]),
    ...failures(runs)
  ].join("\n")
}
