/**
 * The rate-distortion plot of a sweep: KL divergence against reconstruction of each run.
 *
 * Source: Alemi et al. 2018, "Fixing a Broken ELBO", figure 1, https://arxiv.org/abs/1711.00464
 */
import type { Figure } from "../../core/Figure.ts"
import { categorical, colorScale, shapeScale } from "../../core/figures/Palette.ts"
import { niceTicks } from "../../core/figures/NiceTicks.ts"
import { type LabelPlace, placeLabels } from "./PlaceLabels.ts"

export interface RateDistortionRow {
  readonly label: string
  /** Runs of one group differ only in their seeds and share a colour. */
  readonly group?: string
  /** Mean KL divergence, nats per image. */
  readonly rate: number
  /** Mean negative log likelihood of the image given its code, nats per image. */
  readonly distortion: number
}

const width = 560
const height = 420
const quiet = "#6b6b6b"

type Domain = readonly [low: number, high: number]

/** The interval of the values with a margin of a twelfth on each side; length 2 for a single value. */
const around = (values: ReadonlyArray<number>): Domain => {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const margin = high > low ? (high - low) / 12 : 1
  return [low - margin, high + margin]
}

const minus = (text: string): string => text.replace("-", "\u2212")

/** Labels next to their points, if all of them fit. */
const besidePoints = (rows: ReadonlyArray<RateDistortionRow>, places: ReadonlyArray<LabelPlace | undefined>) =>
  rows.some(({ group }) => group !== undefined) || places.includes(undefined)
    ? undefined
    : rows.map((row, index) => ({ row, place: places[index]! }))

/** Points distinguished by colour, and by shape beyond the tenth, with a legend. */
const byLegend = (rows: ReadonlyArray<RateDistortionRow>) => {
  const groups = [...new Set(rows.map(({ group, label }) => group ?? label))]
  // Below the plot, because the values of the dashed lines are at the right edge; as many columns as fit.
  const columns = Math.max(1, Math.floor(width / (50 + 6.6 * Math.max(...groups.map(({ length }) => length)))))
  const legend = { title: "run", orient: "bottom", columns, symbolOpacity: 1, symbolSize: 90 }
  return {
    color: { field: "group", type: "nominal", scale: colorScale(groups), legend },
    ...(groups.length > categorical.length && {
      shape: { field: "group", type: "nominal", scale: shapeScale(groups), legend }
    })
  }
}

/**
 * One point per run, with dashed lines of constant ELBO, `-(rate + distortion)`. Labels are next to their points if all
 * of them fit; otherwise, or if runs differ in their seeds, colours distinguish the runs.
 *
 * Runs with non-finite values are omitted and named in the caption.
 */
export const rateDistortion = (
  rows: ReadonlyArray<RateDistortionRow>,
  options: { readonly name?: string; readonly title: string }
): Figure => {
  const finite = rows.filter((row) => Number.isFinite(row.rate) && Number.isFinite(row.distortion))
  const lost = rows.filter((row) => !finite.includes(row)).map((row) => row.label)
  const best = finite.reduce<RateDistortionRow | undefined>(
    (least, row) => (least === undefined || row.rate + row.distortion < least.rate + least.distortion ? row : least),
    undefined
  )
  const [lowest, highest] = around(finite.length === 0 ? [0] : finite.map((row) => row.rate))
  // A rate is at least 0; the axis starts slightly below for the dot of a rate of 0.
  const x: Domain = [Math.max(lowest, -0.02 * highest), highest]
  const y = around(finite.length === 0 ? [0] : finite.map((row) => row.distortion))
  const pixels = (row: RateDistortionRow) => ({
    x: ((row.rate - x[0]) / (x[1] - x[0])) * width,
    y: ((y[1] - row.distortion) / (y[1] - y[0])) * height,
    label: row.label
  })
  const labelled = besidePoints(finite, placeLabels(finite.map(pixels), { width, height }))
  // A line ends at the right edge, with its value outside, or at the lower edge, with its value inside, in the margin
  // around the points. There are few lines, so that their values fit into a small picture.
  const lines = niceTicks([x[0] + y[0], x[1] + y[1]], 6).map((sum) => {
    const start = Math.max(x[0], sum - y[1])
    const end = Math.min(x[1], sum - y[0])
    return {
      x: start,
      y: sum - start,
      x2: end,
      y2: sum - end,
      elbo: `ELBO ${minus(String(Number((-sum).toPrecision(6))))}`
    }
  })
  const leavingRight = lines.filter((line) => line.x2 === x[1])
  const leavingBelow = lines.filter((line) => line.x2 !== x[1])
  const xOf = (field: string) => ({
    field,
    type: "quantitative",
    title: "rate: KL divergence (nats per image)",
    scale: { domain: x, nice: false, zero: false },
    axis: { grid: false }
  })
  const yOf = (field: string) => ({
    field,
    type: "quantitative",
    title: "distortion: reconstruction (nats per image)",
    scale: { domain: y, nice: false, zero: false },
    axis: { grid: false }
  })
  const caption =
    (best === undefined
      ? "No run has finite values."
      : `Mean test rate and distortion of ${finite.length} runs; the best ELBO, ` +
        `${minus((-(best.rate + best.distortion)).toPrecision(5))} nats per image, belongs to ${best.label}. ` +
        "The ELBO is constant along each dashed line.") +
    (lost.length === 0 ? "" : ` Omitted because of non-finite values: ${lost.join(", ")}.`)
  return {
    name: options.name ?? "rate-distortion",
    title: options.title,
    caption,
    view: {
      width,
      height,
      layer: [
        {
          data: { values: lines },
          mark: { type: "rule", color: "#c4c4c4", strokeDash: [4, 4], clip: true },
          encoding: { x: xOf("x"), y: yOf("y"), x2: { field: "x2" }, y2: { field: "y2" } }
        },
        {
          data: { values: leavingRight },
          mark: { type: "text", color: quiet, fontSize: 10, align: "left", baseline: "middle", dx: 6 },
          encoding: { x: xOf("x2"), y: yOf("y2"), text: { field: "elbo" } }
        },
        {
          data: { values: leavingBelow },
          mark: { type: "text", color: quiet, fontSize: 10, align: "left", baseline: "bottom", dx: 2, dy: -2 },
          encoding: { x: xOf("x2"), y: yOf("y2"), text: { field: "elbo" } }
        },
        {
          data: {
            values: finite.map(({ distortion, group, label, rate }) => ({
              x: rate,
              y: distortion,
              label,
              group: group ?? label
            }))
          },
          mark: { type: "point", filled: true, size: 80, opacity: labelled ? 1 : 0.85, color: categorical[0]! },
          encoding: {
            x: xOf("x"),
            y: yOf("y"),
            ...(labelled === undefined && byLegend(finite)),
            tooltip: [
              { field: "label", type: "nominal", title: "run" },
              { field: "x", type: "quantitative", title: "rate (nats per image)", format: ".5~g" },
              { field: "y", type: "quantitative", title: "distortion (nats per image)", format: ".5~g" }
            ]
          }
        },
        // Each label twice: first as a white outline, so that lines do not cross the text.
        ...(labelled ?? []).flatMap(({ place, row }) =>
          [{ stroke: "white", strokeWidth: 4 }, { color: "#222222" }].map((style) => ({
            data: { values: [{ x: row.rate, y: row.distortion, label: row.label }] },
            mark: { type: "text", tooltip: null, baseline: "middle", fontSize: 12, ...place, ...style },
            encoding: { x: xOf("x"), y: yOf("y"), text: { field: "label" } }
          }))
        )
      ]
    }
  }
}
