import { assert, describe, it } from "@effect/vitest"
import * as vegaLite from "vega-lite"
import type { VegaLiteView } from "../../../../src/core/Figure.ts"
import { lineChart } from "../../../../src/core/figures/LineChart.ts"
import { categorical } from "../../../../src/core/figures/Palette.ts"
import { categoricalDark } from "../../../../src/pipelines/report/page/DarkPalette.ts"
import { fitted } from "../../../../src/pipelines/report/page/FitView.ts"
import { withHover } from "../../../../src/pipelines/report/page/Hover.ts"
import { pageConfig, recolored } from "../../../../src/pipelines/report/page/Theme.ts"

const chart = (panels: number): VegaLiteView =>
  lineChart({
    name: "curves",
    title: "Curves",
    caption: "",
    x: "epoch",
    legend: "run",
    panels: Array.from({ length: panels }, (_, panel) => ({
      title: `term ${panel}`,
      series: ["β = 0.5", "a[0].b"].map((label, line) => ({
        label,
        points: [
          [1, line + 1],
          [2, line + 2]
        ] as const
      }))
    }))
  }).view

/** Compiles, so that a view which is none fails. */
const compiled = (view: VegaLiteView): string => {
  const warnings: Array<unknown> = []
  const collect = (...parts: ReadonlyArray<unknown>) => (warnings.push(parts), logger)
  const logger = {
    level: () => logger,
    error: collect,
    warn: collect,
    info: () => logger,
    debug: () => logger
  } as never
  const { spec } = vegaLite.compile(structuredClone(view) as never, { logger, config: pageConfig("light") })
  assert.deepStrictEqual(warnings, [])
  return JSON.stringify(spec)
}

describe("FitView", () => {
  it("wraps panels where the page is narrow, and shrinks what is still too wide", () => {
    const columns = (available: number) => fitted(chart(3), available).view["columns"]
    assert.deepStrictEqual([1400, 800, 400].map(columns), [3, 2, 1])
    const widths = (fitted(chart(3), 360).view["concat"] as ReadonlyArray<VegaLiteView>).map(({ width }) =>
      Number(width)
    )
    for (const width of widths) assert.isAtMost(width, 230)
    const single: VegaLiteView = { width: 560, height: 420, mark: "point" }
    assert.strictEqual(fitted(single, 2000).view["width"], 560)
    const narrow = fitted(single, 342).view
    assert.strictEqual(narrow["width"], 280)
    assert.strictEqual(narrow["height"], 210)
    compiled(fitted(chart(3), 500).view)
  })

  it("puts a legend below where it would take much of the width, and says how high the view will be", () => {
    const orient = (available: number) => {
      const { height, view } = fitted(chart(3), available)
      compiled(view)
      const [panel] = view["concat"] as ReadonlyArray<VegaLiteView>
      const { color } = panel!["encoding"] as { readonly color: { readonly legend: VegaLiteView } }
      return [color.legend["orient"], height]
    }
    assert.deepStrictEqual(orient(1400), [undefined, 290])
    const [below, height] = orient(360)
    assert.strictEqual(below, "bottom")
    assert.isAbove(height as number, 3 * 240)
  })
})

describe("Hover", () => {
  it("tells every line's value at the place, whatever the lines are called", () => {
    const view = withHover(chart(2))
    const panels = view["hconcat"] as ReadonlyArray<VegaLiteView>
    const rule = (panels[0]!["layer"] as ReadonlyArray<VegaLiteView>)[1]!
    const { tooltip } = rule["encoding"] as { readonly tooltip: ReadonlyArray<VegaLiteView> }
    assert.deepStrictEqual(
      tooltip.map(({ field, title }) => [field, title]),
      [
        ["x", "epoch"],
        ["line0", "β = 0.5"],
        ["line1", "a[0].b"]
      ]
    )
    compiled(view)
  })

  it("tells the mean of lines that share a colour", () => {
    const view = lineChart({
      name: "curves",
      title: "Curves",
      caption: "",
      x: "epoch",
      legend: "run",
      panels: [
        {
          title: "loss",
          series: ["seed 1", "seed 2"].map((label) => ({ label, group: "both", points: [[1, 2]] as const }))
        }
      ]
    }).view
    const [panel] = withHover(view)["hconcat"] as ReadonlyArray<VegaLiteView>
    const { tooltip } = (panel!["layer"] as ReadonlyArray<VegaLiteView>)[1]!["encoding"] as {
      readonly tooltip: ReadonlyArray<VegaLiteView>
    }
    assert.deepStrictEqual(
      tooltip.map(({ title }) => title),
      ["epoch", "both, mean"]
    )
    compiled(withHover(view))
  })

  it("leaves other views as they are", () => {
    const view: VegaLiteView = { width: 10, data: { values: [] }, mark: "point", encoding: {} }
    assert.deepStrictEqual(withHover(view), view)
  })
})

describe("Theme", () => {
  it("exchanges colours for their partners, and leaves data alone", () => {
    const view: VegaLiteView = {
      data: { values: [{ color: "#222222", fill: "white" }] },
      mark: { type: "text", color: "#222222", stroke: "white" },
      encoding: { color: { field: "color", scale: { domain: ["white"], range: [...categorical] } } }
    }
    assert.deepStrictEqual(recolored("light", view), view)
    assert.deepStrictEqual(recolored("dark", view), {
      data: view["data"],
      mark: { type: "text", color: "#e8e9ec", stroke: "#16181d" },
      encoding: { color: { field: "color", scale: { domain: ["white"], range: categoricalDark } } }
    } as never)
  })
})
