import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { lineChart } from "../../../src/core/figures/LineChart.ts"
import { scatterPlot } from "../../../src/core/figures/ScatterPlot.ts"
import { resized, sideBySide } from "../../../src/pipelines/figures/SideBySide.ts"
import { render } from "../../../src/pipelines/figures/RenderFigure.ts"
import { compiles, textOf } from "../../core/figures/compiles.ts"

const scatter = scatterPlot({
  name: "scatter",
  title: "a run's own title",
  caption: "C.",
  x: { title: "z1", values: [0, 1] },
  y: { title: "z2", values: [0, 1] },
  labels: [0, 1],
  classes: ["cat", "dog"],
  legend: "class",
  equalAspect: true
})

const panel = {
  title: "loss",
  series: [
    {
      label: "test",
      points: [
        [1, 2],
        [2, 1]
      ] as const
    }
  ]
}
const curves = lineChart({
  name: "curves",
  title: "a run's own title",
  caption: "C.",
  x: "epoch",
  legend: "images",
  panels: [panel, panel, panel]
})

const options = { name: "both", title: "All runs", caption: "C." }
const runs = (count: number, figure = scatter) =>
  Array.from({ length: count }, (_, index) => ({ label: `β = ${index}`, figure }))

const size = Effect.fnUntraced(function* (count: number, figure = scatter) {
  const { svg } = yield* render(sideBySide(runs(count, figure), options))
  const [, width, height] = /<svg[^>]* width="(\d+)" height="(\d+)"/.exec(svg)!
  return { width: Number(width), height: Number(height) }
})

describe("SideBySide", () => {
  it("scales only plots, images and points", () => {
    const view = {
      width: 100,
      height: 60,
      layer: [
        { mark: { type: "image", width: 40, height: 20, opacity: 0.5 } },
        { mark: { type: "point", size: 8 } },
        { mark: "line" }
      ],
      data: { values: [{ width: 7 }] }
    }
    assert.deepStrictEqual(resized(view, 0.5), {
      width: 50,
      height: 30,
      layer: [
        { mark: { type: "image", width: 20, height: 10, opacity: 0.5 } },
        { mark: { type: "point", size: 4 } },
        { mark: "line" }
      ],
      data: { values: [{ width: 7 }] }
    })
  })

  it.effect("labels every run and shows one title and one legend", () =>
    Effect.gen(function* () {
      const text = yield* textOf(sideBySide(runs(3), options))
      assert.includeMembers(text, ["All runs", "β = 0", "β = 1", "β = 2"])
      assert.notInclude(text, "a run's own title")
      assert.strictEqual(text.filter((piece) => piece === "dog").length, 1)
      assert.strictEqual(text.filter((piece) => piece === "z1").length, 3)
    })
  )

  it.effect("wraps into rows of four", () =>
    Effect.gen(function* () {
      const [four, five, eight] = yield* Effect.all([size(4), size(5), size(8)])
      assert.isAbove(five.height, 1.7 * four.height)
      assert.strictEqual(eight.width, four.width)
      assert.strictEqual(eight.height, five.height)
    })
  )

  it.effect("stacks wide figures vertically", () =>
    Effect.gen(function* () {
      const [one, three] = yield* Effect.all([size(1, curves), size(3, curves)])
      assert.strictEqual(three.width, one.width)
      assert.isAbove(three.height, 2.5 * one.height)
      yield* compiles(sideBySide(runs(2, curves), options))
    })
  )

  const cloud = (count: number) => {
    const values = Float32Array.from({ length: count }, (_, index) => index / count)
    return scatterPlot({
      name: "scatter",
      title: "T",
      caption: "C.",
      x: { title: "z1", values },
      y: { title: "z2", values },
      labels: Uint8Array.from({ length: count }, (_, index) => index % 2),
      classes: ["cat", "dog"],
      legend: "class",
      equalAspect: true
    })
  }

  it("shows all points of the figures that have few, where others have too many", () => {
    const counts = [10, 6000, 1000, 8000]
    const figures = counts.map((count) => ({ label: `${count}`, figure: cloud(count) }))
    const shown = sideBySide(figures, options)
    assert.strictEqual(shown.caption, "About 12,000 of the 15,010 points are shown. C.")
    const views = shown.view["concat"] as ReadonlyArray<{ readonly data: { readonly values: ReadonlyArray<unknown> } }>
    const lengths = views.map(({ data }) => data.values.length)
    assert.deepStrictEqual([lengths[0], lengths[2]], [10, 1000])
    assert.approximately(lengths[1]!, 5495, 25)
    assert.approximately(lengths[3]!, 5495, 25)
  })

  it.effect("shows an equal fraction of each class if there are too many points, and reports it", () =>
    Effect.gen(function* () {
      const count = 6000
      const many = cloud(count)
      const eight = sideBySide(runs(8, many), options)
      assert.strictEqual(eight.caption, "About 12,000 of the 48,000 points are shown. C.")
      const views = eight.view["concat"] as ReadonlyArray<{
        readonly data: { readonly values: ReadonlyArray<{ readonly class: string }> }
      }>
      for (const { data } of views) {
        assert.approximately(data.values.length, 1500, 25)
        assert.approximately(data.values.filter((point) => point.class === "cat").length, 750, 25)
      }
      assert.isBelow((yield* render(eight)).svg.length, 3e6)
      // Few enough are all shown.
      const two = sideBySide(runs(2, many), options)
      assert.strictEqual(two.caption, "C.")
      assert.lengthOf((two.view["concat"] as typeof views)[0]!.data.values, count)
    })
  )

  it.effect("compiles for no runs and for one", () =>
    Effect.gen(function* () {
      yield* compiles(sideBySide([], options))
      yield* compiles(sideBySide(runs(1), options))
    })
  )
})
