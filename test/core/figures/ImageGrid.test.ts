import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { captions, type GridAxis, imageGrid } from "../../../src/core/figures/ImageGrid.ts"
import { mosaic } from "../../../src/core/figures/Mosaic.ts"
import { compiles, textOf } from "./compiles.ts"

const grid = Effect.fnUntraced(function* (axes: { readonly x?: GridAxis; readonly y?: GridAxis }) {
  const images = new Float32Array(4 * 16).fill(0.5)
  const made = yield* mosaic({
    name: "grid",
    images,
    shape: { height: 4, width: 4, channels: 1 },
    columns: 2,
    gap: 0.1
  })
  return imageGrid({ name: "grid", title: "Grid", caption: "C.", mosaic: made, ...axes })
})

describe("ImageGrid", () => {
  it.effect("has no text but its title without captions", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* textOf(yield* grid({})), ["Grid"])
    })
  )

  it.effect.each([
    { labels: ["one"] },
    { labels: ["first", "second"] },
    { labels: ["a", "b", "c"] },
    { labels: ['say "x"', "β \\ σ", "1,5", "−2"] }
  ])("shows captions for $labels", ({ labels }) =>
    Effect.gen(function* () {
      const text = yield* textOf(yield* grid({ x: captions("top", labels), y: captions("left", labels) }))
      const escaped = labels.map((label) => label.replaceAll('"', "&quot;"))
      assert.deepStrictEqual(
        text.filter((piece) => piece !== "Grid").map((piece) => piece.replaceAll('"', "&quot;")),
        [...escaped, ...escaped]
      )
    })
  )

  it.effect("puts each label at its place, from the left and from the top", () =>
    Effect.gen(function* () {
      const axis = {
        ticks: true,
        title: "z",
        labels: [
          { at: 0.9, label: "late" },
          { at: 0.1, label: "early" }
        ]
      } as const
      const figure = yield* grid({ x: { ...axis, orient: "bottom" }, y: { ...axis, orient: "left" } })
      yield* compiles(figure)
      const text = yield* textOf(figure)
      assert.deepStrictEqual(
        text.filter((piece) => /early|late/.test(piece)),
        ["early", "late", "early", "late"]
      )
    })
  )
})
