/**
 * A line chart: one panel per quantity, one coloured line per series, the same horizontal axis in all panels.
 */
import type { Figure, VegaLiteView } from "../Figure.ts"
import { categorical, colorScale, dashScale } from "./Palette.ts"
import { niceTicks } from "./NiceTicks.ts"

/** One line. */
export interface Series {
  readonly label: string
  /** Series of one group share a colour and a legend entry; default: the label. */
  readonly group?: string
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
}

/** One quantity, with its own vertical axis. */
export interface Panel {
  /** The vertical axis with its unit, such as `loss (nats per image)`. */
  readonly title: string
  /** `linear`, or `log` if all values are positive. */
  readonly scale?: "linear" | "log"
  readonly series: ReadonlyArray<Series>
}

export interface LineChartOptions {
  readonly name: string
  readonly title: string
  readonly caption: string
  /** Title of the horizontal axis, whose values are integers. */
  readonly x: string
  /** Title of the legend. */
  readonly legend: string
  readonly panels: ReadonlyArray<Panel>
}

/** At most this many points are marked, so that a single epoch is visible. */
const markedPoints = 30

/** Powers of ten that enclose the values, which are positive. */
const decades = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
  const first = Math.floor(Math.log10(Math.min(...values)))
  const last = Math.ceil(Math.log10(Math.max(...values)))
  return Array.from({ length: last - first + 1 }, (_, index) => Number(`1e${first + index}`))
}

const groupOf = ({ group, label }: Series): string => group ?? label

/** The fields that distinguish lines: the label, and the group if lines share one. */
const fieldsOf = (grouped: boolean, series: Series) => ({
  series: series.label,
  ...(grouped && { group: groupOf(series) })
})

const panelView = (
  panel: Panel,
  groups: ReadonlyArray<string>,
  options: LineChartOptions,
  width: number
): VegaLiteView => {
  const grouped = options.panels.some(({ series }) => series.some(({ group }) => group !== undefined))
  const points = panel.series.flatMap((series) =>
    series.points.map(([x, y]) => ({ x, y, ...fieldsOf(grouped, series) }))
  )
  const field = grouped ? "group" : "series"
  const longest = Math.max(0, ...panel.series.map((series) => series.points.length))
  const x = points.map((point) => point.x)
  const legend = { title: options.legend, symbolType: "stroke", symbolStrokeWidth: 3, symbolSize: 260 }
  // Vertical axes of equal width align the panels of several charts.
  const yTicks = panel.scale === "log" ? { values: decades(points.map((point) => point.y)) } : { tickCount: 6 }
  return {
    width,
    height: 240,
    data: { values: points },
    mark: {
      type: "line",
      strokeWidth: grouped ? 1.5 : 2,
      point: longest <= markedPoints ? { size: 22, filled: true } : false
    },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        title: options.x,
        scale: { zero: false, nice: false, padding: 6 },
        axis: {
          values: niceTicks([Math.min(...x), Math.max(...x)], 6, { whole: true }),
          format: "d",
          grid: false,
          // So few labels fit, but Vega would drop every other one, or all but the first and the last.
          labelOverlap: false,
          tickCount: 12,
          tickMinStep: 0.5
        }
      },
      y: {
        field: "y",
        type: "quantitative",
        title: panel.title,
        scale: panel.scale === "log" ? { type: "log", nice: false, padding: 6 } : { zero: false, padding: 6 },
        axis: { ...yTicks, minExtent: 40 }
      },
      color: {
        field,
        type: "nominal",
        scale: colorScale(groups),
        legend
      },
      ...(groups.length > categorical.length
        ? { strokeDash: { field, type: "nominal", scale: dashScale(groups), legend } }
        : {}),
      ...(grouped ? { detail: { field: "series", type: "nominal" } } : {})
    }
  }
}

/** Most panels in one row. */
const mostInRow = 5

/** Panels of lines side by side, in rows of nearly equal length. Values that are not finite are omitted. */
export const lineChart = (options: LineChartOptions): Figure => {
  const panels = options.panels.map((panel) => ({
    ...panel,
    series: panel.series.map((series) => ({
      ...series,
      points: series.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
    }))
  }))
  const groups = [...new Set(panels.flatMap((panel) => panel.series.map(groupOf)))]
  const width = panels.length === 1 ? 480 : 230
  const views = panels.map((panel) => panelView(panel, groups, options, width))
  const rows = Math.ceil(panels.length / mostInRow)
  return {
    name: options.name,
    title: options.title,
    caption: options.caption,
    view:
      rows > 1
        ? { concat: views, columns: Math.ceil(panels.length / rows), spacing: 24 }
        : { hconcat: views, spacing: 24 }
  }
}
