/**
 * Draws the bench's results: every other library's time divided by ours.
 */
import type { Figure } from "../src/core/Figure.ts"
import { isOurs, titleOf } from "./Competitors.ts"
import { machineTitle, type Results } from "./Results.ts"
import type { Spread } from "./Statistics.ts"

interface Panel {
  readonly title: string
  readonly rows: ReadonlyArray<{ readonly competitor: string; readonly ratio: Spread }>
}

const panelsOf = ({ runs, steps }: Results): ReadonlyArray<Panel> =>
  [...steps, ...runs].flatMap(({ rows, title }) => {
    const ratios = rows.flatMap(({ competitor, ratio, status }) =>
      status === "measured" && ratio !== undefined ? [{ competitor, ratio }] : []
    )
    return ratios.length > 1 ? [{ title, rows: ratios }] : []
  })

/** Ratios of the axis ticks. */
const marks = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64]

/**
 * One panel per program, one row per competitor: a dot at the median of the rounds' ratios and a line from the minimum
 * to the maximum, on a logarithmic axis.
 */
export const chart = (results: Results): Figure => {
  const panels = panelsOf(results)
  const ratios = panels.flatMap(({ rows }) => rows.map(({ ratio }) => ratio))
  const domain = [
    0.9 * Math.min(...ratios.map(({ least }) => least)),
    1.1 * Math.max(...ratios.map(({ greatest }) => greatest))
  ]
  const x = (field: string, title: string) => ({
    field,
    type: "quantitative",
    title,
    scale: { type: "log", domain, nice: false },
    axis: {
      values: marks.filter((mark) => mark >= domain[0]! && mark <= domain[1]!),
      format: "~g",
      labelOverlap: false
    }
  })
  const y = { field: "library", type: "nominal", title: null, sort: null, axis: { labelLimit: 320, minExtent: 230 } }
  const color = { condition: { test: "datum.ours", value: "#d95f02" }, value: "#1b6ca8" }
  const view = ({ rows, title }: Panel, index: number) => {
    const axisTitle = index === panels.length - 1 ? "time / this project's time (median, minimum to maximum)" : ""
    return {
      title: { text: title, anchor: "start" },
      width: 460,
      height: { step: 22 },
      data: {
        values: rows.map(({ competitor, ratio }) => ({
          library: titleOf(competitor),
          ours: isOurs(competitor),
          ...ratio
        }))
      },
      layer: [
        {
          mark: { type: "rule", color: "#8a8a8a", strokeDash: [4, 4] },
          encoding: { x: { datum: 1, type: "quantitative" } }
        },
        {
          mark: { type: "rule", strokeWidth: 2 },
          encoding: { y, x: x("least", axisTitle), x2: { field: "greatest" }, color }
        },
        { mark: { type: "circle", size: 90, opacity: 1 }, encoding: { y, x: x("median", axisTitle), color } }
      ]
    }
  }
  const said = panels.map(({ rows, title }) => {
    const others = rows.filter(({ competitor }) => !isOurs(competitor))
    return `${title}: ${others.map(({ competitor, ratio }) => `${titleOf(competitor)} ${ratio.median.toFixed(2)}`).join(", ")}`
  })
  return {
    name: "ratios",
    title: `Time / this project's time · ${results.date.slice(0, 10)} · ${machineTitle(results.machine)}`,
    caption: `Right of 1 is slower than this project. ${said.join(". ")}.`,
    view: { vconcat: panels.map(view), spacing: 18 }
  }
}
