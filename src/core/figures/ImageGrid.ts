/**
 * A mosaic of images as a figure, with captions for rows and columns or with the axes of a latent plane.
 */
import type { Figure, VegaLiteView } from "../Figure.ts"
import type { Json } from "../Spec.ts"
import type { Mosaic } from "./Mosaic.ts"

/** A label at a position along an axis, from 0 (left or top) to 1. */
export interface AxisLabel {
  readonly at: number
  readonly label: string
}

export interface GridAxis {
  readonly title?: string
  readonly labels: ReadonlyArray<AxisLabel>
  readonly ticks: boolean
  readonly orient: "top" | "bottom" | "left" | "right"
}

export interface ImageGridOptions {
  readonly name: string
  readonly title: string
  readonly caption: string
  readonly mosaic: Mosaic
  readonly x?: GridAxis
  readonly y?: GridAxis
}

/** Captions at the centre of each column or row. */
export const captions = (orient: GridAxis["orient"], labels: ReadonlyArray<string>): GridAxis => ({
  orient,
  ticks: false,
  labels: labels.map((label, index) => ({ at: (index + 0.5) / labels.length, label }))
})

const axisOf = (axis: GridAxis | undefined): Json => {
  if (axis === undefined) return null
  const sorted = axis.labels.toSorted((left, right) => left.at - right.at)
  // Vega passes only the value to a label expression, which therefore finds the nearest label by position.
  const middles = sorted.slice(1).map((label, index) => (label.at + sorted[index]!.at) / 2)
  const index = ["0", ...middles.map((middle) => `(datum.value > ${middle})`)].join(" + ")
  return {
    orient: axis.orient,
    title: axis.title ?? null,
    values: sorted.map((label) => label.at),
    labelExpr: `${JSON.stringify(sorted.map((label) => label.label))}[${index}]`,
    labelOverlap: false,
    labelLimit: 0,
    ticks: axis.ticks,
    domain: axis.ticks,
    grid: false
  }
}

const position = (axis: GridAxis | undefined, field: string, reverse: boolean): Json => ({
  field,
  type: "quantitative",
  scale: { domain: [0, 1], nice: false, reverse },
  axis: axisOf(axis)
})

/** The mosaic with its axes. */
export const imageGrid = (options: ImageGridOptions): Figure => {
  const { height, url, width } = options.mosaic
  const view: VegaLiteView = {
    width,
    height,
    view: { stroke: null },
    data: { values: [{ x: 0.5, y: 0.5 }] },
    mark: { type: "image", url, width, height, aspect: false },
    encoding: { x: position(options.x, "x", false), y: position(options.y, "y", true) }
  }
  return { name: options.name, title: options.title, caption: options.caption, view }
}
