/**
 * Renders a figure as SVG and PNG with npm packages only: no browser, no system fonts.
 *
 * Laws: equal figures give equal bytes, independent of other renderings; layout and drawing use the same font files.
 */
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { Effect, Semaphore } from "effect"
import type * as Vega from "vega"
import type { TopLevelSpec } from "vega-lite"
import { type Figure, FigureError, pixelRatio } from "../../core/Figure.ts"
import { fontFamily, theme } from "./FigureTheme.ts"
import { textWidth } from "./FontMetrics.ts"

// Vega's declarations lack this object, with which a program replaces Vega's text measurement.
declare module "vega" {
  export const textMetrics: {
    width: (item: { fontSize?: number; fontWeight?: string | number }, text: unknown) => number
  }
}

export interface RenderedFigure {
  readonly svg: string
  readonly png: Uint8Array
}

/** A figure as a Vega specification, with Vega-Lite's warnings. */
export interface CompiledFigure {
  readonly specification: Vega.Spec
  readonly warnings: ReadonlyArray<string>
}

const failure = (figure: Figure, reason: string) => (cause: unknown) =>
  new FigureError({
    figure: figure.name,
    reason: cause instanceof Error ? `${reason}: ${cause.message}` : reason,
    cause
  })

const require = createRequire(import.meta.url)
const regular = require.resolve("#font-regular")
const bold = require.resolve("#font-bold")

// Loaded on demand, because loading takes a third of a second.
const loadLibraries = async () => {
  const [vega, vegaLite, { Resvg }, regularFont, boldFont] = await Promise.all([
    import("vega"),
    import("vega-lite"),
    import("@resvg/resvg-js"),
    readFile(regular),
    readFile(bold)
  ])
  const regularWidth = textWidth(regularFont)
  const boldWidth = textWidth(boldFont)
  vega.textMetrics.width = (item, text) => {
    const width = item.fontWeight === "bold" || Number(item.fontWeight) >= 600 ? boldWidth : regularWidth
    return width(text === undefined || text === null ? "" : String(text)) * (item.fontSize ?? 11)
  }
  return { vega, vegaLite, Resvg }
}

let libraries: ReturnType<typeof loadLibraries> | undefined

const load = (figure: Figure) =>
  Effect.tryPromise({
    try: () => (libraries ??= loadLibraries()),
    catch: failure(figure, "the libraries that render figures could not be loaded")
  })

/** Collects the warnings and errors that Vega would print. */
const collector = () => {
  const messages: Array<string> = []
  const collect = (...parts: ReadonlyArray<unknown>) => {
    messages.push(parts.map(String).join(" "))
    return logger
  }
  const ignore = () => logger
  const logger: Vega.LoggerInterface = {
    level: ((level?: number) => (level === undefined ? 0 : logger)) as Vega.LoggerInterface["level"],
    error: collect,
    warn: collect,
    info: ignore,
    debug: ignore
  }
  return { logger, messages }
}

/** Compiles a figure with its title and the theme. */
export const compile = Effect.fn("RenderFigure.compile")(function* (figure: Figure) {
  const { vegaLite } = yield* load(figure)
  return yield* Effect.try({
    try: (): CompiledFigure => {
      const { logger, messages } = collector()
      // A view is plain JSON; compilation validates it. Vega modifies its input data, so it gets a copy.
      const texts = { title: figure.title, description: figure.caption }
      const view = { ...structuredClone(figure.view), ...texts } as unknown as TopLevelSpec
      const specification = vegaLite.compile(view, { config: theme, logger }).spec
      return { specification, warnings: messages }
    },
    catch: failure(figure, "it is not a valid Vega-Lite view")
  })
})

// Vega numbers clip paths by a global counter, so figures are drawn one at a time, each from 1.
const oneAtATime = Semaphore.makeUnsafe(1)

const draw = Effect.fnUntraced(function* (figure: Figure, specification: Vega.Spec, zoom: number) {
  const { Resvg, vega } = yield* load(figure)
  const { logger, messages } = collector()
  const svg = yield* Effect.tryPromise({
    try: async () => {
      vega.resetSVGDefIds()
      const view = new vega.View(vega.parse(specification), { renderer: "none", logger })
      const text = await view.toSVG()
      view.finalize()
      return text
    },
    catch: failure(figure, "Vega could not draw it")
  })
  const png = yield* Effect.try({
    try: () =>
      new Resvg(svg, {
        font: {
          loadSystemFonts: false,
          fontFiles: [regular, bold],
          defaultFontFamily: fontFamily.split(",")[0]!
        },
        fitTo: { mode: "zoom", value: zoom }
      })
        .render()
        .asPng(),
    catch: failure(figure, "its SVG could not be drawn as a PNG")
  })
  return { svg, png: new Uint8Array(png), warnings: messages }
})

/**
 * Renders a figure and logs Vega's warnings. `pixelRatio` is the number of PNG pixels per unit of length; default: 2.
 */
export const render = Effect.fn("RenderFigure.render")(function* (
  figure: Figure,
  options: { readonly pixelRatio?: number } = {}
) {
  const { specification, warnings } = yield* compile(figure)
  const drawn = yield* oneAtATime.withPermits(1)(draw(figure, specification, options.pixelRatio ?? pixelRatio))
  for (const warning of [...warnings, ...drawn.warnings]) {
    yield* Effect.logWarning(`figure ${figure.name}: ${warning}`)
  }
  const rendered: RenderedFigure = { svg: drawn.svg, png: drawn.png }
  return rendered
})
