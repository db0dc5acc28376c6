import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { lineChart, type Panel } from "../../../src/core/figures/LineChart.ts"
import { compiles, textOf } from "./compiles.ts"

const chart = (panels: ReadonlyArray<Panel>) =>
  lineChart({ name: "curves", title: "T", caption: "C.", x: "epoch", legend: "images", panels })

describe("LineChart", () => {
  it.effect("shows axes with units and a legend, once", () =>
    Effect.gen(function* () {
      const series = ["training", "test"].map((label) => ({
        label,
        points: [
          [1, 5],
          [2, 4],
          [3, 3.5]
        ] as const
      }))
      const text = yield* textOf(
        chart([
          { title: "loss (nats per image)", series },
          { title: "KL (nats per image)", series }
        ])
      )
      for (const expected of ["loss (nats per image)", "KL (nats per image)", "T", "images", "training", "test"]) {
        assert.strictEqual(text.filter((piece) => piece === expected).length, 1, expected)
      }
      assert.strictEqual(text.filter((piece) => piece === "epoch").length, 2)
      // Each epoch of the few has its number.
      assert.isAtLeast(text.filter((piece) => piece === "2").length, 2)
    })
  )

  it.effect("has at most five panels in a row, and rows of nearly equal length", () =>
    Effect.gen(function* () {
      const panels = Array.from({ length: 9 }, (_, index) => ({
        title: `panel ${index}`,
        series: [{ label: "test", points: [[1, 2] as const] }]
      }))
      const columnsOf = (count: number) => chart(panels.slice(0, count)).view["columns"]
      assert.deepStrictEqual([1, 5, 6, 9].map(columnsOf), [undefined, undefined, 3, 5])
      const text = yield* textOf(chart(panels))
      for (const { title } of panels) assert.strictEqual(text.filter((piece) => piece === title).length, 1)
    })
  )

  it.effect("compiles for one epoch, no points, values that are not finite and a logarithmic axis", () =>
    Effect.gen(function* () {
      yield* compiles(chart([{ title: "a", series: [{ label: "test", points: [[1, 2]] }] }]))
      yield* compiles(chart([{ title: "a", series: [] }]))
      const holes = chart([
        {
          title: "a",
          scale: "log",
          series: [
            {
              label: "x",
              points: [
                [1, 1e-4],
                [2, NaN],
                [3, Infinity],
                [4, 100]
              ]
            }
          ]
        }
      ])
      yield* compiles(holes)
      assert.notInclude(JSON.stringify(holes), "null")
    })
  )

  it.effect("labels a logarithmic axis at powers of ten only", () =>
    Effect.gen(function* () {
      const text = yield* textOf(
        chart([
          {
            title: "a",
            scale: "log",
            series: [
              {
                label: "x",
                points: [
                  [1, 0.02],
                  [2, 300]
                ]
              }
            ]
          }
        ])
      )
      assert.includeMembers(text, ["0.1", "1", "10", "100"])
      assert.notInclude(text, "20")
    })
  )
})
