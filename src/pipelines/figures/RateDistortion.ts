/**
 * Rate against distortion: what each run of a sweep pays in nats for the code and for the image.
 *
 * Source: Alemi et al. 2018, "Fixing a Broken ELBO", figure 1, https://arxiv.org/abs/1711.00464
 */
import type { Figure } from "../../core/Figure.ts"
import { categorical, colorScale, shapeScale } from "../../core/figures/Palette.ts"
import { niceTicks } from "../../core/figures/NiceTicks.ts"
import { type LabelPlace, placeLabels } from "./PlaceLabels.ts"

export interface RateDistortionRow {
  readonly label: string
  /** Runs of one group differ by their seeds alone and are drawn in one colour. */
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

/** An interval about the values with a twelfth of its length to either side; of length 2 about a single value. */
const around = (values: ReadonlyArray<number>): Domain => {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const margin = high > low ? (high - low) / 12 : 1
  return [low - margin, high + margin]
}

const minus = (text: string): string => text.replace("-", "\u2212")

/** Labels beside their points, if there is room for all of them. */
const besidePoints = (rows: ReadonlyArray<RateDistortionRow>, places: ReadonlyArray<LabelPlace | undefined>) =>
  rows.some(({ group }) => group !== undefined) || places.includes(undefined)
    ? undefined
    : rows.map((row, index) => ({ row, place: places[index]! }))

/** Points in colours, and beyond the tenth in shapes, which a legend tells. */
const byLegend = (rows: ReadonlyArray<RateDistortionRow>) => {
  const groups = [...new Set(rows.map(({ group, label }) => group ?? label))]
  // Below, as the values of the dashed lines stand at the right edge; as many beside each other as have room.
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
 * One point per run, with dashed lines along which the ELBO, `-(rate + distortion)`, is the same. Where there is room
 * for every label it stands beside its point; otherwise, and where runs differ by their seeds, colours tell the runs
 * apart.
 *
 * Runs whose numbers are not finite are left out and named in the caption.
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
  // A rate is at least 0; a little room is left for the dot of one that is 0.
  const x: Domain = [Math.max(lowest, -0.02 * highest), highest]
  const y = around(finite.length === 0 ? [0] : finite.map((row) => row.distortion))
  const pixels = (row: RateDistortionRow) => ({
    x: ((row.rate - x[0]) / (x[1] - x[0])) * width,
    y: ((y[1] - row.distortion) / (y[1] - y[0])) * height,
    label: row.label
  })
  const labelled = besidePoints(finite, placeLabels(finite.map(pixels), { width, height }))
  // A line leaves the picture at its right edge, outside of which its value stands, or at its lower edge, where it stands
  // within: the margin about the points keeps it off them. They are few, so that a small picture has room for their values.
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
      ? "No run has finite numbers."
      : `Mean test rate and distortion of ${finite.length} runs; the best ELBO, ` +
        `${minus((-(best.rate + best.distortion)).toPrecision(5))} nats per image, is that of ${best.label}. ` +
        "Along each dashed line the ELBO is the same.") +
    (lost.length === 0 ? "" : ` Left out, as their numbers are not finite: ${lost.join(", ")}.`)
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
        // Each label twice: first as a white outline, so that no line runs through it.
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
