/**
 * Colours for categories: ten that stay apart for people with and without colour blindness.
 *
 * Law: every two are at least 28 apart in CIELAB (ΔE 1976), seen with normal colour vision and with none of one of the
 * three cones, and none is lighter than 80, so that all show on white. They were found by random search for that.
 */
import type { Json } from "../Spec.ts"

/** Ten colours, in the order in which they should be used. */
export const categorical: ReadonlyArray<string> = [
  "#3517ec",
  "#ef1309",
  "#276242",
  "#8593ff",
  "#eabf03",
  "#8600a1",
  "#1bd3f2",
  "#f86e93",
  "#563b63",
  "#bacf77"
]

/** Dashes that tell lines beyond the tenth from those whose colour they share. */
export const dashes: ReadonlyArray<ReadonlyArray<number>> = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3]
]

/** Shapes that tell categories beyond the tenth from those whose colour they share. */
export const shapes: ReadonlyArray<string> = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]

/** A Vega-Lite scale that gives categories their colours in turn. */
export const colorScale = (categories: ReadonlyArray<string>): { readonly [key: string]: Json } => ({
  domain: categories,
  range: categories.map((_, index) => categorical[index % categorical.length]!)
})

/** One of some marks for each ten categories, so that colour and mark together name a category. */
const byTens = (categories: ReadonlyArray<string>, marks: ReadonlyArray<Json>): { readonly [key: string]: Json } => ({
  domain: categories,
  range: categories.map((_, index) => marks[Math.floor(index / categorical.length) % marks.length]!)
})

/** A Vega-Lite scale of shapes. */
export const shapeScale = (categories: ReadonlyArray<string>) => byTens(categories, shapes)

/** A Vega-Lite scale of dashes. */
export const dashScale = (categories: ReadonlyArray<string>) => byTens(categories, dashes)
