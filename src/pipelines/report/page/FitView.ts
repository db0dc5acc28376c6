/**
 * Fits a figure's view to the page's width: panels wrap, a wide legend moves below, and what is still too wide shrinks.
 * Text keeps its size.
 */
import type { VegaLiteView } from "../../../core/Figure.ts"
import type { Json } from "../../../core/Spec.ts"
import { resized } from "../../figures/SideBySide.ts"

/** Space for the vertical axis beside a plot, and for the horizontal one below, in pixels. */
const axisRoom = 62
const axisHeight = 50

/** Space that a legend needs for its symbols, per letter, and per line. */
const symbolRoom = 50
const letterWidth = 6.6
const lineHeight = 18

/** A legend with a larger fraction of the width moves below. */
const mostBeside = 0.25

/** Channels with legends. */
const channels = ["color", "fill", "stroke", "shape", "strokeDash", "size", "opacity"]

const isView = (value: Json | undefined): value is VegaLiteView =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const members = (view: VegaLiteView): ReadonlyArray<VegaLiteView> | undefined => {
  const found = view["hconcat"] ?? view["concat"]
  return Array.isArray(found) ? found.filter(isView) : undefined
}

const inner = (view: VegaLiteView): ReadonlyArray<VegaLiteView> =>
  [view["layer"], view["vconcat"], view["hconcat"], view["concat"]]
    .flatMap((value) => (Array.isArray(value) ? value : []))
    .filter(isView)

const widthOf = (view: VegaLiteView): number => {
  if (typeof view["width"] === "number") return view["width"]
  return Math.max(0, ...inner(view).map(widthOf))
}

const heightOf = (view: VegaLiteView): number =>
  typeof view["height"] === "number" ? view["height"] : Math.max(0, ...inner(view).map(heightOf))

const hasLegend = (channel: Json | undefined): channel is VegaLiteView =>
  isView(channel) && channel["field"] !== undefined && channel["legend"] !== null

const labelsIn = (channel: VegaLiteView): ReadonlyArray<string> => {
  const scale = channel["scale"]
  const domain = isView(scale) ? scale["domain"] : undefined
  return Array.isArray(domain) ? domain.map(String) : []
}

/** The labels of a view's legends; undefined if it has none. */
const legendLabels = (view: VegaLiteView): ReadonlyArray<string> | undefined => {
  const encoding = view["encoding"]
  const own = isView(encoding) ? channels.map((name) => encoding[name]).filter(hasLegend) : []
  const all = [...own.map(labelsIn), ...inner(view).flatMap((member) => [legendLabels(member) ?? []])]
  const found = own.length > 0 || inner(view).some((member) => legendLabels(member) !== undefined)
  return found ? [...new Set(all.flat())] : undefined
}

/** The view with its legends below, in `columns` columns. */
const legendBelow = (view: VegaLiteView, columns: number): VegaLiteView =>
  Object.fromEntries(
    Object.entries(view).map(([key, value]): [string, Json] => {
      if (key === "encoding" && isView(value)) {
        const changed = channels.flatMap((name) => {
          const channel = value[name]
          if (!hasLegend(channel)) return []
          const legend = isView(channel["legend"]) ? channel["legend"] : {}
          return [[name, { ...channel, legend: { ...legend, orient: "bottom", columns } }] as const]
        })
        return [key, { ...value, ...Object.fromEntries(changed) }]
      }
      return ["layer", "vconcat", "hconcat", "concat"].includes(key) && Array.isArray(value)
        ? [key, value.map((member: Json) => (isView(member) ? legendBelow(member, columns) : member))]
        : [key, value]
    })
  )

/** Shrinks a view to the available width, to a fifth at least. */
const shrunk = (view: VegaLiteView, room: number): VegaLiteView => {
  const width = widthOf(view)
  return width <= room || width === 0 ? view : resized(view, Math.max(0.2, room / width))
}

export interface Fitted {
  readonly view: VegaLiteView
  /** Approximate height in pixels. */
  readonly height: number
}

/** Lays panels out beside a legend of the given width. */
const laidOut = (view: VegaLiteView, available: number, legend: number): Fitted => {
  const panels = members(view)
  const room = available - legend
  if (panels === undefined || panels.length === 0) {
    const single = shrunk(view, room - axisRoom)
    return { view: single, height: heightOf(single) + axisHeight }
  }
  const { columns: asked, concat: _concat, hconcat: _hconcat, ...rest } = view
  const widest = Math.max(...panels.map(widthOf)) + axisRoom
  const most = typeof asked === "number" ? asked : panels.length
  const columns = Math.max(1, Math.min(most, Math.floor((room + 24) / (widest + 24))))
  const concat = panels.map((panel) => shrunk(panel, room - axisRoom))
  const height = Math.ceil(panels.length / columns) * (Math.max(...concat.map(heightOf)) + axisHeight)
  return { view: { ...rest, columns, concat }, height }
}

/** The view in `available` pixels of width. */
export const fitted = (view: VegaLiteView, available: number): Fitted => {
  const labels = legendLabels(view)
  const wanted =
    labels === undefined ? 0 : symbolRoom + letterWidth * Math.max(0, ...labels.map(({ length }) => length))
  if (labels === undefined || wanted <= mostBeside * available) return laidOut(view, available, wanted)
  const columns = Math.max(1, Math.floor(available / wanted))
  const below = laidOut(legendBelow(view, columns), available, 0)
  return { ...below, height: below.height + lineHeight * (1 + Math.ceil(labels.length / columns)) }
}
