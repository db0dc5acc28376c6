/**
 * Ten colours for categories, distinguishable with and without colour blindness.
 *
 * Law: any two differ by at least 28 in CIELAB (ΔE 1976), for normal vision and for each of the three kinds of
 * dichromacy. None is lighter than 80, so that all are visible on white. They were found by a random search.
 */
import type { Json } from "../Spec.ts"

/** Ten colours, in order of use. */
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

/** Dash patterns, to distinguish lines beyond the tenth, which reuse the colours. */
export const dashes: ReadonlyArray<ReadonlyArray<number>> = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3]
]

/** Shapes, to distinguish categories beyond the tenth, which reuse the colours. */
export const shapes: ReadonlyArray<string> = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]

/** A Vega-Lite colour scale for categories, which cycles through the ten colours. */
export const colorScale = (categories: ReadonlyArray<string>): { readonly [key: string]: Json } => ({
  domain: categories,
  range: categories.map((_, index) => categorical[index % categorical.length]!)
})

/** The next mark for every ten categories, so that colour and mark together identify a category. */
const byTens = (categories: ReadonlyArray<string>, marks: ReadonlyArray<Json>): { readonly [key: string]: Json } => ({
  domain: categories,
  range: categories.map((_, index) => marks[Math.floor(index / categorical.length) % marks.length]!)
})

/** A Vega-Lite scale of shapes. */
export const shapeScale = (categories: ReadonlyArray<string>) => byTens(categories, shapes)

/** A Vega-Lite scale of dashes. */
export const dashScale = (categories: ReadonlyArray<string>) => byTens(categories, dashes)
