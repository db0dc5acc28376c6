/**
 * A scatter plot coloured by class.
 */
import type { Figure } from "../Figure.ts"
import type { Json } from "../Spec.ts"
import { categorical, colorScale, shapeScale } from "./Palette.ts"

export interface ScatterPlotOptions {
  readonly name: string
  readonly title: string
  readonly caption: string
  readonly x: { readonly title: string; readonly values: ArrayLike<number> }
  readonly y: { readonly title: string; readonly values: ArrayLike<number> }
  /** An index into `classes` for each point. */
  readonly labels: ArrayLike<number>
  readonly classes: ReadonlyArray<string>
  /** Title of the legend, such as `digit`. */
  readonly legend: string
  /** Whether one unit has the same length on both axes. */
  readonly equalAspect: boolean
  /** Range of the axes, for plots to be compared; default: the points and a margin. */
  readonly domain?: PlotDomain
  /** Hides the numbers on the axes, for embeddings, whose coordinates have no meaning; default: false. */
  readonly bareAxes?: boolean
}

const side = 520

/** Range of both axes. */
export interface PlotDomain {
  readonly x: readonly [low: number, high: number]
  readonly y: readonly [low: number, high: number]
}

/** The smallest interval with the finite values, plus a margin; `value ± 1` for a single value. */
const interval = (values: ArrayLike<number>): readonly [low: number, high: number] => {
  let low = Infinity
  let high = -Infinity
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (!Number.isFinite(value)) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (low > high) return [-1, 1]
  const margin = high > low ? 0.03 * (high - low) : 1
  return [low - margin, high + margin]
}

/** Extends two intervals to equal length around their centres. */
const equallyLong = (x: readonly [number, number], y: readonly [number, number]) => {
  const half = Math.max(x[1] - x[0], y[1] - y[0]) / 2
  const about = ([low, high]: readonly [number, number]) => [(low + high) / 2 - half, (low + high) / 2 + half] as const
  return [about(x), about(y)] as const
}

/** The default range of the axes for these points. */
export const domainOf = (x: ArrayLike<number>, y: ArrayLike<number>, equalAspect: boolean): PlotDomain => {
  const domain = [interval(x), interval(y)] as const
  const [first, second] = equalAspect ? equallyLong(...domain) : domain
  return { x: first, y: second }
}

/** Area (in square units) and opacity of a point: 60 and 0.8 for 100 of them, 8 and 0.45 for 10,000. */
export const pointStyle = (count: number): { readonly size: number; readonly opacity: number } => ({
  size: Math.round(Math.min(60, Math.max(8, 800 / Math.sqrt(Math.max(count, 1))))),
  opacity: Math.round(100 * Math.min(0.8, Math.max(0.45, 1.15 - 0.175 * Math.log10(Math.max(count, 1))))) / 100
})

/** A scatter plot with a legend of the classes. Points that are not finite are omitted. */
export const scatterPlot = (options: ScatterPlotOptions): Figure => {
  const { classes, labels, x, y } = options
  const { x: xDomain, y: yDomain } = options.domain ?? domainOf(x.values, y.values, options.equalAspect)
  const style = pointStyle(x.values.length)
  // Rounding to 1/4000 of the axis is invisible and halves the file.
  const digits = (domain: readonly [number, number]) =>
    Math.max(0, Math.ceil(-Math.log10((domain[1] - domain[0]) / 4000)))
  const [xDigits, yDigits] = [digits(xDomain), digits(yDomain)]
  const points = Array.from({ length: x.values.length }, (_, index) => ({
    x: Number(x.values[index]!.toFixed(xDigits)),
    y: Number(y.values[index]!.toFixed(yDigits)),
    class: classes[labels[index]!] ?? String(labels[index])
  })).filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y))
  const axis: Json = options.bareAxes === true ? { labels: false, ticks: false, grid: false } : { tickCount: 7 }
  const columns = Math.ceil(classes.length / 25)
  const legend = { title: options.legend, symbolOpacity: 1, symbolSize: 90, columns }
  return {
    name: options.name,
    title: options.title,
    caption: options.caption,
    view: {
      width: side,
      height: side,
      data: { values: points },
      // Screen-reader descriptions of thousands of points would double the file; the caption describes the plot.
      mark: { type: "point", aria: false, filled: true, size: style.size, opacity: style.opacity, strokeWidth: 0 },
      encoding: {
        x: { field: "x", type: "quantitative", title: x.title, scale: { domain: xDomain, nice: false }, axis },
        y: { field: "y", type: "quantitative", title: y.title, scale: { domain: yDomain, nice: false }, axis },
        color: {
          field: "class",
          type: "nominal",
          scale: colorScale(classes),
          legend
        },
        ...(classes.length > categorical.length
          ? { shape: { field: "class", type: "nominal", scale: shapeScale(classes), legend } }
          : {})
      }
    }
  }
}
