/**
 * Combines the same figure of several runs side by side.
 */
import type { Figure, VegaLiteView } from "../../core/Figure.ts"
import { pointStyle } from "../../core/figures/ScatterPlot.ts"
import type { Json } from "../../core/Spec.ts"

export interface Labelled {
  /** What distinguishes this run from the others, such as `β = 12`. */
  readonly label: string
  readonly figure: Figure
}

/** More runs than this wrap into rows. */
const perRow = 4

/** Half the size keeps an integer number of pixels per pixel of an image. */
const shrink = 0.5

const isRecord = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const multiplied = (value: Json, factor: number): Json => (typeof value === "number" ? value * factor : value)

/** Scales a view's plots and images, but not its text. */
export const resized = (view: VegaLiteView, factor: number): VegaLiteView =>
  Object.fromEntries(
    Object.entries(view).map(([key, value]): [string, Json] => {
      if (key === "width" || key === "height") return [key, multiplied(value, factor)]
      if (key === "mark" && isRecord(value)) {
        const sized = ["width", "height", "size"].filter((name) => typeof value[name] === "number")
        return [key, { ...value, ...Object.fromEntries(sized.map((name) => [name, multiplied(value[name]!, factor)])) }]
      }
      if (["layer", "hconcat", "vconcat", "concat"].includes(key) && Array.isArray(value)) {
        return [key, value.map((member: Json) => (isRecord(member) ? resized(member, factor) : member))]
      }
      return [key, value]
    })
  )

/** Maximum number of points of all figures; each takes up to 200 bytes of SVG and slows down viewers. */
const mostPoints = 12_000

/** The inverse golden ratio, whose multiples have evenly distributed fractional parts. */
const golden = 0.6180339887498949

/** Selects about `count` values, independent of their order. */
const some = (values: ReadonlyArray<Json>, count: number): ReadonlyArray<Json> =>
  values.length <= count ? values : values.filter((_, index) => ((index + 1) * golden) % 1 < count / values.length)

const markOf = ({ mark }: VegaLiteView): Json =>
  isRecord(mark ?? null) ? (mark as VegaLiteView)["type"]! : (mark ?? null)

/** A view with at most about `most` points, drawn larger. */
export const thinned = (view: VegaLiteView, most: number): VegaLiteView => {
  const { data, mark } = view
  const values = isRecord(data ?? null) ? (data as VegaLiteView)["values"] : undefined
  if (markOf(view) === "point" && Array.isArray(values) && values.length > most) {
    const left = some(values, most)
    const style = isRecord(mark!) && mark["size"] !== undefined ? { ...mark, ...pointStyle(left.length) } : mark!
    return { ...view, data: { ...(data as VegaLiteView), values: left }, mark: style }
  }
  return Object.fromEntries(
    Object.entries(view).map(([key, value]): [string, Json] =>
      ["layer", "hconcat", "vconcat", "concat"].includes(key) && Array.isArray(value)
        ? [key, value.map((member: Json) => (isRecord(member) ? thinned(member, most) : member))]
        : [key, value]
    )
  )
}

/** Number of points of a view. */
const pointsIn = (view: VegaLiteView): number => {
  const { data } = view
  const values = isRecord(data ?? null) ? (data as VegaLiteView)["values"] : undefined
  const members = Object.values(view).flatMap((value) => (Array.isArray(value) ? value.filter(isRecord) : []))
  const own = markOf(view) === "point" && Array.isArray(values) ? values.length : 0
  return own + members.reduce((sum, member) => sum + pointsIn(member), 0)
}

/** The number of points up to which a figure shows all of its own, such that all figures together show at most `most`. */
const mostOfOne = (counts: ReadonlyArray<number>, most: number): number => {
  let left = most
  for (const [index, count] of counts.toSorted((one, other) => one - other).entries()) {
    const share = left / (counts.length - index)
    if (count > share) return share
    left -= count
  }
  return Number.POSITIVE_INFINITY
}

/** The sum over a view's nested views. */
const sizesOf = (view: VegaLiteView, key: "width" | "height"): ReadonlyArray<number> =>
  Object.entries(view).flatMap(([name, value]) => {
    if (name === key && typeof value === "number") return [value]
    const members = Array.isArray(value) ? value.filter(isRecord) : []
    return name === "hconcat" || name === "vconcat" || name === "layer"
      ? members.flatMap((member) => sizesOf(member, key))
      : []
  })

/** Whether a figure is so wide that it is better compared vertically. */
const isWide = ({ view }: Figure): boolean => {
  const width = sizesOf(view, "width").reduce((sum, size) => sum + size, 0)
  return width >= 2.5 * Math.max(1, ...sizesOf(view, "height"))
}

/**
 * Arranges figures of several runs side by side at half their size, four per row, each with its label. Very wide
 * figures are stacked vertically at full size. If there are too many points, a part of the largest figures' points is shown,
 * and the caption says so.
 */
export const sideBySide = (
  figures: ReadonlyArray<Labelled>,
  options: { readonly name: string; readonly title: string; readonly caption: string }
): Figure => {
  const stacked = figures.length > 0 && figures.every(({ figure }) => isWide(figure))
  const sized = (view: VegaLiteView): VegaLiteView => (stacked ? view : resized(view, shrink))
  const counts = figures.map(({ figure: { view } }) => pointsIn(view))
  const all = counts.reduce((sum, count) => sum + count, 0)
  const most = mostOfOne(counts, mostPoints)
  const part =
    all > mostPoints
      ? `About ${mostPoints.toLocaleString("en-US")} of the ${all.toLocaleString("en-US")} points are shown. `
      : ""
  return {
    ...options,
    caption: part + options.caption,
    view: {
      columns: stacked ? 1 : perRow,
      spacing: stacked ? 20 : 28,
      concat: figures.map(({ figure: { view }, label }) => ({
        ...sized(thinned(view, most)),
        title: { text: label, fontSize: 12, anchor: stacked ? "start" : "middle", frame: "group", offset: 8 }
      }))
    }
  }
}
