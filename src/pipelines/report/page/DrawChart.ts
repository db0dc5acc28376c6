/**
 * Draws figures with Vega and its expression interpreter: no code is evaluated, nothing is fetched.
 */
import { Data, Effect } from "effect"
import * as vega from "vega"
import { expressionInterpreter } from "vega-interpreter"
import * as vegaLite from "vega-lite"
import type { Config } from "vega-lite"
import { pixelRatio, type VegaLiteView } from "../../../core/Figure.ts"
import type { Json } from "../../../core/Spec.ts"
import { theme } from "../../figures/FigureTheme.ts"
import type { FigureData } from "../ReportData.ts"
import { fitted } from "./FitView.ts"
import { withHover } from "./Hover.ts"
import { type Mode, pageConfig, recolored } from "./Theme.ts"

/** A figure cannot be drawn. */
export class ChartError extends Data.TaggedError("ChartError")<{ readonly figure: string; readonly reason: string }> {
  override get message(): string {
    return `${this.figure} cannot be drawn: ${this.reason}`
  }
}

/** Allows only images embedded in the figure. */
const loader: vega.Loader = {
  load: (uri) => Promise.reject(new Error(`nothing is fetched: ${uri}`)),
  sanitize: (uri) =>
    uri.startsWith("data:image/")
      ? Promise.resolve({ href: uri })
      : Promise.reject(new Error("no address is followed")),
  http: (uri) => Promise.reject(new Error(uri)),
  file: (uri) => Promise.reject(new Error(uri))
}

/** Shows the tooltip as text. */
const tell =
  (box: HTMLElement): vega.TooltipHandler =>
  (_handler, event, _item, value) => {
    if (value === null || value === undefined || value === "") {
      box.hidden = true
      return
    }
    const entries = typeof value === "object" ? Object.entries(value as object) : [["", value] as const]
    box.replaceChildren(
      ...entries.flatMap(([term, told]) =>
        [
          ["dt", term],
          ["dd", told]
        ].map(([name, content]) => {
          const element = document.createElement(String(name))
          element.textContent = String(content)
          return element
        })
      )
    )
    box.hidden = false
    const { clientX, clientY } = event as MouseEvent
    const { height, width } = box.getBoundingClientRect()
    const right = clientX + 16 + width < innerWidth ? clientX + 16 : Math.max(4, clientX - 16 - width)
    box.style.left = `${right}px`
    box.style.top = `${Math.max(4, Math.min(clientY + 16, innerHeight - height - 4))}px`
  }

export interface DrawOptions {
  readonly figure: FigureData
  readonly mode: Mode
  /** Available width in pixels. */
  readonly width: number
  readonly place: HTMLElement
  readonly tooltip: HTMLElement
}

/** Removes links from a view. */
const withoutLinks = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(withoutLinks)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]): Array<[string, Json]> =>
      key === "href" ? [] : [[key, key === "data" ? member : withoutLinks(member)]]
    )
  )
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Charts with more marks are drawn on a canvas, because large SVGs are slow. */
const mostElements = 2000

const rowsOf = (view: unknown): number => {
  if (typeof view !== "object" || view === null) return 0
  if (Array.isArray(view)) return view.reduce((sum: number, member) => sum + rowsOf(member), 0)
  return Object.entries(view).reduce(
    (sum, [key, value]) => sum + (key === "values" && Array.isArray(value) ? value.length : rowsOf(value)),
    0
  )
}

const refusal =
  ({ title }: FigureData) =>
  (cause: unknown) =>
    new ChartError({ figure: title, reason: messageOf(cause) })

/** A Vega view of a figure, released with the scope. */
const prepared = (figure: FigureData, shown: VegaLiteView, config: Config, options: vega.ViewOptions) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const specification = vegaLite.compile(
          {
            ...(structuredClone(withoutLinks(shown)) as VegaLiteView),
            description: figure.caption
          } as unknown as vegaLite.TopLevelSpec,
          { config, logger: vega.logger(vega.None) }
        ).spec
        const parsed = vega.parse(specification, {}, { ast: true })
        return new vega.View(parsed, { expr: expressionInterpreter, loader, logLevel: vega.None, ...options } as never)
      },
      catch: refusal(figure)
    }),
    (view) => Effect.sync(() => view.finalize())
  )

/** Draws a figure into an element; released with the scope. */
export const draw = Effect.fn("DrawChart.draw")(function* ({ figure, mode, place, tooltip, width }: DrawOptions) {
  const shown = recolored(mode, withHover(fitted(figure.view, width).view)) as VegaLiteView
  yield* Effect.addFinalizer(() => Effect.sync(() => (tooltip.hidden = true)))
  const view = yield* prepared(figure, shown, pageConfig(mode), {
    renderer: rowsOf(figure.view) > mostElements ? "canvas" : "svg",
    tooltip: tell(tooltip),
    hover: true
  })
  yield* Effect.tryPromise({
    try: async () => {
      const fresh = document.createElement("div")
      view.initialize(fresh)
      await view.runAsync()
      place.replaceChildren(fresh)
    },
    catch: refusal(figure)
  })
})

/** The figure in light colours with its title: an SVG document, and a PNG as a data URI. */
export const exported = Effect.fn("DrawChart.exported")(function* (figure: FigureData) {
  const view = yield* prepared(figure, { ...figure.view, title: figure.title }, theme, { renderer: "none" })
  return yield* Effect.tryPromise({
    try: async () => ({ svg: await view.toSVG(), png: await view.toImageURL("png", pixelRatio) }),
    catch: refusal(figure)
  })
}, Effect.scoped)
