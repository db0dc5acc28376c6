/**
 * The same figure of several runs beside each other, so that a sweep can be compared at a glance.
 */
import type { Figure, View } from "../../core/Figure.ts"
import type { Json } from "../../core/Spec.ts"

export interface Labelled {
  /** What tells this run from the others, such as `β = 12`. */
  readonly label: string
  readonly figure: Figure
}

/** More runs than this wrap into rows. */
const perRow = 4

/** Half the size keeps a whole number of pixels for each pixel of an image. */
const shrink = 0.5

const isRecord = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const multiplied = (value: Json, factor: number): Json => (typeof value === "number" ? value * factor : value)

/** A view at another size: its plots and images change, its text does not. */
export const resized = (view: View, factor: number): View =>
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

/** Numbers of the views in a view. */
const sizesOf = (view: View, key: "width" | "height"): ReadonlyArray<number> =>
  Object.entries(view).flatMap(([name, value]) => {
    if (name === key && typeof value === "number") return [value]
    const members = Array.isArray(value) ? value.filter(isRecord) : []
    return name === "hconcat" || name === "vconcat" || name === "layer"
      ? members.flatMap((member) => sizesOf(member, key))
      : []
  })

/** Whether a figure is so much wider than high that it is better compared with what stands below it. */
const isWide = ({ view }: Figure): boolean => {
  const width = sizesOf(view, "width").reduce((sum, size) => sum + size, 0)
  return width >= 2.5 * Math.max(1, ...sizesOf(view, "height"))
}

/**
 * Sets figures of several runs beside each other at half their size, four in a row, each under its label. Figures much
 * wider than high stand below each other, at their own size.
 */
export const sideBySide = (
  figures: ReadonlyArray<Labelled>,
  options: { readonly name: string; readonly title: string; readonly caption: string }
): Figure => {
  const stacked = figures.length > 0 && figures.every(({ figure }) => isWide(figure))
  return {
    ...options,
    view: {
      columns: stacked ? 1 : perRow,
      spacing: stacked ? 20 : 28,
      concat: figures.map(({ figure, label }) => ({
        ...(stacked ? figure.view : resized(figure.view, shrink)),
        title: { text: label, fontSize: 12, anchor: stacked ? "start" : "middle", frame: "group", offset: 8 }
      }))
    }
  }
}
