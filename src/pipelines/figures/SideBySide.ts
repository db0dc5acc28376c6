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

/** Panels that lay beside each other go below each other: a column for each run, a row for each panel. */
const upright = (view: View): View => {
  const { hconcat, ...rest } = view
  return hconcat === undefined ? view : { ...rest, vconcat: hconcat }
}

/** Sets figures of several runs beside each other at half their size, four in a row, each under its label. */
export const sideBySide = (
  figures: ReadonlyArray<Labelled>,
  options: { readonly name: string; readonly title: string; readonly caption: string }
): Figure => ({
  ...options,
  view: {
    columns: Math.min(perRow, figures.length),
    spacing: 28,
    concat: figures.map(({ figure, label }) => ({
      ...upright(resized(figure.view, shrink)),
      title: { text: label, fontSize: 12, anchor: "middle", frame: "group", offset: 8 }
    }))
  }
})
