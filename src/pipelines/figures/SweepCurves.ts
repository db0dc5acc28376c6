/**
 * Curves of the test loss and its terms for all runs of a sweep.
 */
import type { Figure } from "../../core/Figure.ts"
import { curve, termNames, termTitle } from "../../core/evaluations/Curves.ts"
import { lineChart } from "../../core/figures/LineChart.ts"
import type { EpochMetrics } from "../../core/TrainedModel.ts"

export interface SweepCurvesRow {
  /** What distinguishes this run from the others, such as `β = 12`. */
  readonly label: string
  /** Runs of one group differ only in their seeds and share a colour. */
  readonly group?: string
  readonly history: ReadonlyArray<EpochMetrics>
}

/** Values that span more than this factor are shown on a logarithmic axis. */
const logAbove = 100

/** `KL divergence (nats per image, log)`. */
const logTitle = (title: string): string => (title.endsWith(")") ? title.replace(/\)$/, ", log)") : `${title} (log)`)

/** Maximum number of lines that the caption lists. */
const mostNamed = 6

const linesText = (rows: ReadonlyArray<SweepCurvesRow>): string => {
  const groups = [...new Set(rows.flatMap(({ group }) => (group === undefined ? [] : [group])))]
  if (groups.length > 0) return `one line per run, one colour for the seeds of each of ${groups.length} settings`
  return rows.length > mostNamed
    ? `one line for each of ${rows.length} runs`
    : `one line per run: ${rows.map(({ label }) => label).join(", ")}`
}

/** A sentence on the runs with the lowest and the highest final loss. */
const lastText = (rows: ReadonlyArray<SweepCurvesRow>): string => {
  const ends = rows
    .flatMap(({ history, label }) => {
      const value = history.at(-1)?.metrics["test/loss"]
      return value === undefined || !Number.isFinite(value) ? [] : [{ label, value }]
    })
    .toSorted((left, right) => left.value - right.value)
  const [least, greatest] = [ends[0], ends.at(-1)]
  return least === undefined || greatest === undefined || ends.length < 2
    ? ""
    : ` The final test loss is lowest, ${least.value.toPrecision(5)}, for ${least.label} and highest, ` +
        `${greatest.value.toPrecision(5)}, for ${greatest.label}.`
}

/**
 * One panel per term, one line per run, over the epochs; a term that spans more than two decades on a logarithmic axis.
 */
export const sweepCurves = (
  rows: ReadonlyArray<SweepCurvesRow>,
  options: { readonly name?: string; readonly title: string }
): Figure => {
  const terms = termNames(rows.flatMap((row) => row.history))
  const epochs = rows.reduce((most, row) => Math.max(most, row.history.at(-1)?.epoch ?? 0), 0)
  const panels = terms.flatMap((term) => {
    const series = rows
      .map(({ group, history, label }) => ({
        label,
        ...(group !== undefined && { group }),
        points: curve(history, `test/${term}`)
      }))
      .filter((line) => line.points.length > 0)
    if (series.length === 0) return []
    const values = series.flatMap((line) => line.points.map(([, value]) => value)).filter(Number.isFinite)
    const wide = Math.min(...values) > 0 && Math.max(...values) > logAbove * Math.min(...values)
    return [
      {
        title: wide ? logTitle(termTitle(term, terms)) : termTitle(term, terms),
        scale: wide ? ("log" as const) : ("linear" as const),
        series
      }
    ]
  })
  return lineChart({
    name: options.name ?? "sweep-curves",
    title: options.title,
    caption: `Means over the test images after each of ${epochs} epochs, ${linesText(rows)}.${lastText(rows)}`,
    x: "epoch",
    legend: "run",
    panels
  })
}
