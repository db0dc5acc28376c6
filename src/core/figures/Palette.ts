/**
 * Colours for categories: ten that stay apart for people with and without colour blindness.
 *
 * Source: Petroff 2021, "Accessible Color Sequences for Data Visualization", ten colours,
 * https://arxiv.org/abs/2107.02270
 */
import type { Json } from "../Spec.ts"

/** Ten colours, in the order in which they should be used. */
export const categorical: ReadonlyArray<string> = [
  "#3f90da",
  "#ffa90e",
  "#bd1f01",
  "#94a4a2",
  "#832db6",
  "#a96b59",
  "#e76300",
  "#b9ac70",
  "#717581",
  "#92dadd"
]

/** Shapes that tell categories beyond the tenth from those whose colour they share. */
export const shapes: ReadonlyArray<string> = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]

/** A Vega-Lite scale that gives categories their colours in turn. */
export const colorScale = (categories: ReadonlyArray<string>): { readonly [key: string]: Json } => ({
  domain: categories,
  range: categories.map((_, index) => categorical[index % categorical.length]!)
})

/** A Vega-Lite scale of shapes: one for each ten categories, so that colour and shape together name a category. */
export const shapeScale = (categories: ReadonlyArray<string>): { readonly [key: string]: Json } => ({
  domain: categories,
  range: categories.map((_, index) => shapes[Math.floor(index / categorical.length) % shapes.length]!)
})
