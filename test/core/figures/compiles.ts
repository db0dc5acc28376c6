/**
 * A figure keeps its contract: a name that can be a file's, texts, and a view that Vega-Lite compiles without a warning.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { Figure } from "../../../src/core/Figure.ts"
import { compile, render } from "../../../src/pipelines/figures/RenderFigure.ts"

export const compiles = Effect.fnUntraced(function* (figure: Figure) {
  assert.match(figure.name, /^[a-z0-9-]+$/)
  assert.isAbove(figure.title.length, 0)
  assert.match(figure.caption, /\.$/)
  assert.notMatch(figure.title + figure.caption, /NaN|undefined|Infinity/)
  assert.deepStrictEqual(JSON.parse(JSON.stringify(figure.view)), figure.view)
  const { specification, warnings } = yield* compile(figure)
  assert.deepStrictEqual(warnings, [])
  return specification
})

/** All text of a rendered figure, in the order in which it is drawn. */
export const textOf = Effect.fnUntraced(function* (figure: Figure) {
  yield* compiles(figure)
  const { svg } = yield* render(figure)
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!)
})
