/**
 * The bench's results as Markdown.
 */
import { titleOf } from "./Competitors.ts"
import { machineTitle, type Results, type RunResult, type StepResult, type StepRow } from "./Results.ts"
import type { Spread } from "./Statistics.ts"

/** Formats three significant digits. */
const number = (value: number | undefined): string =>
  value === undefined ? "" : value >= 100 ? value.toFixed(0) : value.toPrecision(3)

const spread = (value: Spread | undefined): string =>
  value === undefined ? "" : `${number(value.median)} (${number(value.least)} to ${number(value.greatest)})`

const percent = (value: number | undefined): string => (value === undefined ? "" : `${(100 * value).toFixed(0)} %`)

/** Rows of cells under a header; the first column is text. */
export const table = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [header, header.map((_, column) => (column === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n")

/** Notes below a table: void and skipped rows with their reasons. */
const remarks = (
  rows: ReadonlyArray<{ readonly competitor: string; readonly status: string; readonly reason?: string }>
) =>
  rows
    .filter(({ status }) => status !== "measured")
    .map(({ competitor, reason, status }) => `${titleOf(competitor)}: ${status}: ${reason}`)

const stepCells = (row: StepRow): ReadonlyArray<string> => [
  titleOf(row.competitor),
  spread(row.ratio),
  spread(row.step),
  number(row.examplesPerSecond),
  percent(row.productShare),
  spread(row.products),
  number(row.firstStepSeconds),
  spread(row.evaluation?.seconds),
  number(row.evaluation?.ratio?.median),
  row.memory === undefined ? "" : `${number(row.memory.resident)} (${number(row.memory.anonymous)})`,
  row.disagreement?.toExponential(0) ?? ""
]

const steps = (result: StepResult): string => {
  const { agreementSteps, gigaOperations, productRate, rows, title } = result
  const measured = rows.filter(({ status }) => status === "measured")
  const overhead = measured.find(({ loopOverhead }) => loopOverhead !== undefined)?.loopOverhead
  const header = [
    "step",
    "time / ours",
    "ms",
    "examples/s",
    "products' share",
    "products alone, ms",
    "first step, s",
    "test images, s",
    "time / ours",
    "MiB (anonymous)",
    `relative loss difference after ${agreementSteps} steps`
  ]
  return [
    `### ${title}`,
    table(header, measured.map(stepCells)),
    `Its matrix products: ${number(gigaOperations)}·10⁹ operations; one large product on this machine: ${number(productRate) || "?"}·10⁹ per second.`,
    ...(overhead === undefined
      ? []
      : [
          `The training loop's step takes ${spread({
            median: 100 * overhead.median,
            least: 100 * overhead.least,
            greatest: 100 * overhead.greatest
          })} % longer than the bare step.`
        ]),
    ...remarks(rows)
  ].join("\n\n")
}

const runs = ({ epochs, rows, steps, title }: RunResult): string =>
  [
    `### ${title}: ${epochs} epochs, ${steps} steps`,
    table(
      ["run", "time / ours", "s", "test loss", "peak MiB", "resident MiB early, late"],
      rows
        .filter(({ status }) => status === "measured")
        .map(({ competitor, memory, ratio, seconds, testLoss }) => [
          titleOf(competitor),
          spread(ratio),
          spread(seconds),
          testLoss?.toFixed(2) ?? "",
          number(memory?.peak),
          memory === undefined ? "" : `${number(memory.early)}, ${number(memory.late)}`
        ])
    ),
    ...remarks(rows)
  ].join("\n\n")

/** The medians of the ratios: one row per competitor, one column per program or run. */
export const summary = ({ runs, steps }: Results): string => {
  const columns = [...steps, ...runs]
  const names = [...new Set(columns.flatMap(({ rows }) => rows.map(({ competitor }) => competitor)))]
  return table(
    ["time / this project's time", ...columns.map(({ title }) => title)],
    names.map((name) => [
      titleOf(name),
      ...columns.map(({ rows }) => {
        const row = rows.find(({ competitor }) => competitor === name)
        return row?.status === "measured" ? number(row.ratio?.median) : ""
      })
    ])
  )
}

/** All results; times are medians of rounds (minimum to maximum). */
export const markdown = (results: Results): string => {
  const { date, machine, rounds, runs: whole, startSeconds, steps: programs, versions } = results
  const loads = (values: ReadonlyArray<number>) => values.map((value) => value.toFixed(2)).join(", ")
  const started = Object.entries(startSeconds).map(([name, seconds]) => `${titleOf(name)} ${number(seconds)}`)
  // Versions of other packages are in the file.
  const named = new Map(
    Object.entries(versions).flatMap(([name, one]) =>
      Object.entries(one).filter(
        ([key]) => name !== "project" || ["effect-vae", "node", "onnxruntime-node"].includes(key)
      )
    )
  )
  return [
    `## ${date}, ${machineTitle(machine)}`,
    `Load average ${loads(machine.loadBefore)} before and ${loads(machine.loadAfter)} after, on ${machine.cores} cores; medians of ${rounds} rounds (minimum to maximum). ${[...named].map(([name, version]) => `${name} ${version}`).join(", ")}.`,
    ...(started.length === 0 ? [] : [`Seconds until the libraries are loaded: ${started.join("; ")}.`]),
    ...programs.map(steps),
    ...whole.map(runs)
  ].join("\n\n")
}
