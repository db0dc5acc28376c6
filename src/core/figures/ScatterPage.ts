/**
 * An interactive 2-D or 3-D scatter plot as an HTML page: rotate, zoom, filter by class, and see the image of each
 * point.
 *
 * Laws: the page is one file and needs no network; names and texts are escaped.
 */
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { Effect } from "effect"
import { FigureError, type HtmlPage } from "../Figure.ts"
import type { Json } from "../Spec.ts"
import * as Html from "./Html.ts"
import { categorical } from "./Palette.ts"
import type { Sprite } from "./Sprite.ts"

export interface ScatterPageOptions {
  readonly name: string
  readonly title: string
  readonly caption: string
  /** Two or three axes, each with one value per point. */
  readonly axes: ReadonlyArray<{ readonly title: string; readonly values: Float32Array }>
  /** Whether one unit has the same length on all axes. */
  readonly equalAspect: boolean
  /** An index into `classes` for each point. */
  readonly labels: ReadonlyArray<number>
  readonly classes: ReadonlyArray<string>
  /** Title of the legend. */
  readonly legend: string
  /** What a point is, such as `test image`; `indices` are their numbers. */
  readonly item: string
  readonly indices: Int32Array
  /** One thumbnail per point, in the order of the points. */
  readonly sprite: Sprite
}

/** Marks that Plotly supports in 2-D and 3-D, one for every ten classes. */
const symbols = ["circle", "square", "diamond", "cross", "x"]

/** Escapes text for Plotly, which interprets tags and entities. */
const plotlyText = (value: string): string => value.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

const base64 = ({ buffer, byteLength, byteOffset }: Float32Array | Int32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64")

/** Diameter of a point, smaller for more points; in pixels in 2-D, in Plotly's larger units in 3-D. */
const sizeOf = (count: number, dimensions: number): number => {
  const [least, most, factor] = dimensions === 3 ? [1.5, 5, 18] : [2.5, 8, 40]
  return Math.round(10 * Math.min(most, Math.max(least, factor / Math.max(count, 1) ** 0.25))) / 10
}

const dataOf = (options: ScatterPageOptions): Json => {
  const { axes, classes, indices, item, labels, legend, sprite } = options
  // Classes that occur in `labels` but have no name.
  const count = Math.max(classes.length, ...new Set(labels.map((label) => label + 1)))
  return {
    axes: axes.map(({ title, values }) => ({ title: plotlyText(title), values: base64(values) })),
    equalAspect: options.equalAspect,
    labels: base64(Int32Array.from(labels)),
    indices: base64(indices),
    item,
    legend: plotlyText(legend),
    classes: Array.from({ length: count }, (_, index) => ({
      name: classes[index] ?? String(index),
      // Plotly replaces an empty name.
      legendName: plotlyText(classes[index] ?? String(index)) || " ",
      color: categorical[index % categorical.length]!,
      symbol: symbols[Math.floor(index / categorical.length) % symbols.length]!
    })),
    size: sizeOf(labels.length, axes.length),
    sprite: { ...sprite }
  }
}

const style = `
body { margin: 0; color: #222; background: white; font-family: "DejaVu Sans", Verdana, sans-serif; }
main { display: flex; flex-direction: column; height: 100vh; box-sizing: border-box; padding: 14px; }
h1 { font-size: 17px; margin: 0 0 6px; }
p { font-size: 13px; line-height: 1.4; margin: 6px 0 0; max-width: 80em; }
#plot { flex: 1; min-height: 320px; }
#hover { position: fixed; display: none; pointer-events: none; padding: 8px; font-size: 12px; line-height: 1.4;
  background: white; border: 1px solid #8a8a8a; box-shadow: 0 2px 8px #0003; }
#hover dl { display: grid; grid-template-columns: auto auto; gap: 0 8px; margin: 6px 0 0; }
#hover dd { margin: 0; max-width: 22em; overflow-wrap: anywhere; }
#picture { image-rendering: pixelated; margin: 0 auto; }
`

/** The script of the page. It inserts texts with `textContent` only. */
const program = `
"use strict"
const data = JSON.parse(document.getElementById("data").textContent)
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer
const axes = data.axes.map(({ title, values }) => ({ title, values: new Float32Array(bytes(values)) }))
const labels = new Int32Array(bytes(data.labels))
const indices = new Int32Array(bytes(data.indices))
const inSpace = axes.length === 3
const letters = ["x", "y", "z"]

const members = data.classes.map(() => [])
labels.forEach((label, point) => members[label].push(point))

const traces = data.classes.map(({ color, legendName, symbol }, label) => {
  const trace = {
    type: inSpace ? "scatter3d" : "scattergl",
    mode: "markers",
    name: legendName,
    hoverinfo: "none",
    marker: { color, symbol, size: data.size, opacity: inSpace ? 0.8 : 0.65, line: { width: 0 } }
  }
  axes.forEach(({ values }, axis) => { trace[letters[axis]] = members[label].map((point) => values[point]) })
  return trace
})

const axisOf = (axis) => ({ title: { text: axes[axis].title }, zeroline: false, gridcolor: "#e8e8e8", showspikes: false })
const layout = {
  font: { family: "DejaVu Sans, Verdana, sans-serif", color: "#222" },
  // Space for the tool bar, which would cover the legend.
  margin: inSpace ? { l: 0, r: 0, t: 34, b: 0 } : { l: 60, r: 10, t: 34, b: 50 },
  hovermode: "closest",
  legend: { title: { text: data.legend }, itemsizing: "constant" },
  showlegend: true,
  ...(inSpace
    ? {
        scene: {
          xaxis: axisOf(0), yaxis: axisOf(1), zaxis: axisOf(2), aspectmode: data.equalAspect ? "data" : "cube",
          camera: { eye: { x: 1.5, y: 1.5, z: 1.1 }, center: { x: 0, y: 0, z: -0.15 } }
        }
      }
    : { xaxis: axisOf(0), yaxis: { ...axisOf(1), ...(data.equalAspect ? { scaleanchor: "x" } : {}) } })
}

const plot = document.getElementById("plot")
const hover = document.getElementById("hover")
const picture = document.getElementById("picture")
const facts = document.getElementById("facts")

const { sprite } = data
const scale = Math.max(1, Math.round(112 / Math.max(sprite.width, sprite.height)))
picture.style.width = scale * sprite.width + "px"
picture.style.height = scale * sprite.height + "px"
picture.style.backgroundImage = "url(" + sprite.url + ")"
picture.style.backgroundSize = scale * sprite.columns * sprite.width + "px auto"

const fact = (term, value) =>
  [["dt", term], ["dd", value]].map(([name, content]) => {
    const element = document.createElement(name)
    element.textContent = content
    return element
  })

const show = (point, { x, y }) => {
  picture.style.backgroundPosition =
    -scale * sprite.width * (point % sprite.columns) + "px " +
    -scale * sprite.height * Math.floor(point / sprite.columns) + "px"
  facts.replaceChildren(
    ...fact("class", data.classes[labels[point]].name),
    ...fact(data.item, String(indices[point])),
    ...axes.flatMap(({ title, values }) => fact(title.split(",")[0], values[point].toFixed(3).replace("-", "\\u2212")))
  )
  hover.style.display = "block"
  const { height, width } = hover.getBoundingClientRect()
  hover.style.left = (x + 16 + width < innerWidth ? x + 16 : Math.max(0, x - 16 - width)) + "px"
  hover.style.top = Math.max(0, Math.min(y + 16, innerHeight - height - 8)) + "px"
}

const cursor = { x: 0, y: 0 }
addEventListener("mousemove", ({ clientX, clientY }) => Object.assign(cursor, { x: clientX, y: clientY }), true)

Plotly.newPlot(plot, traces, layout, { responsive: true, displaylogo: false, scrollZoom: true }).then(() => {
  plot.on("plotly_hover", ({ points: [{ curveNumber, pointNumber }] }) =>
    show(members[curveNumber][pointNumber], cursor))
  plot.on("plotly_unhover", () => { hover.style.display = "none" })
  document.body.dataset.drawn = "true"
})
`

const document = (options: ScatterPageOptions, library: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${Html.text(options.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${Html.text(options.title)}</h1>
<div id="plot"></div>
<p>${Html.text(options.caption)}</p>
</main>
<div id="hover"><div id="picture"></div><dl id="facts"></dl></div>
<script type="application/json" id="data">${Html.json(dataOf(options))}</script>
<script>${Html.script(library)}</script>
<script>${Html.script(program)}</script>
</body>
</html>
`

const require = createRequire(import.meta.url)

/** The smallest bundle of Plotly with the WebGL plot type. */
const bundles = { 2: "#plotly-2d", 3: "#plotly-3d" } as const

/** An interactive scatter plot with a legend that hides and shows classes. */
export const scatterPage = Effect.fn("ScatterPage.scatterPage")(function* (options: ScatterPageOptions) {
  const bundle = bundles[options.axes.length === 3 ? 3 : 2]
  const library = yield* Effect.tryPromise({
    try: () => readFile(require.resolve(bundle), "utf8"),
    catch: (cause) => new FigureError({ figure: options.name, reason: `Plotly (${bundle}) could not be read`, cause })
  })
  const { caption, name, title } = options
  const page: HtmlPage = { name, title, caption, html: document(options, library) }
  return page
})
