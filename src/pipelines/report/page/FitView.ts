/**
 * A figure's view in the room that a page has: panels wrap, and what is still too wide is drawn smaller. Text keeps its
 * size.
 */
import type { View } from "../../../core/Figure.ts"
import type { Json } from "../../../core/Spec.ts"
import { resized } from "../../figures/SideBySide.ts"

/** Room beside a plot for its vertical axis, and for the legend of the outermost one. */
const axisRoom = 62
const legendRoom = 130

const isView = (value: Json | undefined): value is View =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const members = (view: View): ReadonlyArray<View> | undefined => {
  const found = view["hconcat"] ?? view["concat"]
  return Array.isArray(found) ? found.filter(isView) : undefined
}

const widthOf = (view: View): number => {
  if (typeof view["width"] === "number") return view["width"]
  const inner = [view["layer"], view["vconcat"], view["hconcat"]].flatMap((value) =>
    Array.isArray(value) ? value : []
  )
  return Math.max(0, ...inner.filter(isView).map(widthOf))
}

const hasLegend = (view: View): boolean => {
  const encoding = view["encoding"]
  if (isView(encoding) && isView(encoding["color"]) && encoding["color"]["legend"] !== null) return true
  return (members(view) ?? []).some(hasLegend)
}

/** At most the natural size; not so small that nothing is seen. */
const shrunk = (view: View, room: number): View => {
  const width = widthOf(view)
  return width <= room || width === 0 ? view : resized(view, Math.max(0.2, room / width))
}

/** The view in so many pixels of width. */
export const fitted = (view: View, available: number): View => {
  const panels = members(view)
  const room = available - (hasLegend(view) ? legendRoom : 0)
  if (panels === undefined || panels.length === 0) return shrunk(view, room - axisRoom)
  const { columns: asked, concat: _concat, hconcat: _hconcat, ...rest } = view
  const widest = Math.max(...panels.map(widthOf)) + axisRoom
  const most = typeof asked === "number" ? asked : panels.length
  const columns = Math.max(1, Math.min(most, Math.floor((room + 24) / (widest + 24))))
  return { ...rest, columns, concat: panels.map((panel) => shrunk(panel, room - axisRoom)) }
}
