/**
 * A 3-D scatter plot of the codes, drawn with WebGL and coloured by class; the pointer shows a point's image.
 */
import { Data, Effect } from "effect"
import { useMemo, useRef, useState } from "preact/hooks"
import { ImagesData, type ModelData, type RunData } from "../ReportData.ts"
import { along, byVariance, type Codes, codesOf } from "./Codes.ts"
import { useEffectful, useNear } from "./Hooks.ts"
import { part, script } from "./Assets.ts"
import { nameOf } from "./Selection.ts"
import { classColors, type Mode } from "./Theme.ts"

/** The part of Plotly's interface that is used. */
interface Plotly {
  readonly newPlot: (
    place: HTMLElement,
    traces: ReadonlyArray<object>,
    layout: object,
    config: object
  ) => Promise<{ readonly on: (event: string, handler: (event: PlotEvent) => void) => void }>
  readonly purge: (place: HTMLElement) => void
}

interface PlotEvent {
  readonly points: ReadonlyArray<{ readonly curveNumber: number; readonly pointNumber: number }>
}

declare global {
  var Plotly: Plotly | undefined
}

class PlotError extends Data.TaggedError("PlotError")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

const plotly = Effect.runSync(
  Effect.cached(
    Effect.uninterruptible(
      Effect.flatMap(script("plotly"), () =>
        globalThis.Plotly === undefined
          ? Effect.fail(new PlotError({ reason: "The library for plots in space did not load." }))
          : Effect.succeed(globalThis.Plotly)
      )
    )
  )
)

/** Escapes text, because Plotly interprets tags and entities. */
const plain = (value: string): string => value.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

interface Shown {
  readonly codes: Codes
  /** Indices of the points of each class. */
  readonly groups: ReadonlyArray<ReadonlyArray<number>>
}

const grouped = (codes: Codes): Shown => {
  const groups: Array<Array<number>> = []
  for (let index = 0; index < codes.count; index++) (groups[codes.labels?.[index] ?? 0] ??= []).push(index)
  return { codes, groups: Array.from(groups, (group) => group ?? []) }
}

/** Symbols per ten classes, because colours repeat. */
const symbols = ["circle", "square", "diamond", "cross", "x"]

const ink = { light: "#222222", dark: "#e8e9ec" }
const grid = { light: "#e8e8e8", dark: "#3a3f49" }

const drawn = Effect.fnUntraced(function* (options: {
  readonly place: HTMLElement
  readonly shown: Shown
  readonly dimensions: ReadonlyArray<number>
  readonly classes: ReadonlyArray<string> | undefined
  readonly mode: Mode
  readonly onHover: (point: number | undefined) => void
}) {
  const { classes, dimensions, mode, onHover, place, shown } = options
  const { codes, groups } = shown
  const library = yield* plotly
  const values = dimensions.map((dimension) => along(codes, dimension))
  const colors = classColors(mode)
  const traces = groups.map((group, label) => ({
    type: "scatter3d",
    mode: "markers",
    // Plotly replaces an empty name.
    name: plain(classes?.[label] ?? String(label)) || " ",
    hoverinfo: "none",
    marker: {
      color: colors[label % colors.length],
      symbol: symbols[Math.floor(label / colors.length) % symbols.length],
      size: codes.count > 3000 ? 2 : 3,
      // Opaque points occlude others; transparent ones would be drawn class by class.
      opacity: 1,
      line: { width: 0 }
    },
    ...Object.fromEntries(["x", "y", "z"].map((letter, axis) => [letter, group.map((point) => values[axis]![point]!)]))
  }))
  const axis = (index: number) => ({
    title: { text: `z${dimensions[index]! + 1}` },
    zeroline: false,
    gridcolor: grid[mode],
    showspikes: false
  })
  const layout = {
    font: { family: "DejaVu Sans, Verdana, sans-serif", color: ink[mode] },
    paper_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 0, r: 0, t: 34, b: 0 },
    showlegend: classes !== undefined && codes.labels !== undefined,
    legend: { itemsizing: "constant" },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: ink[mode] },
    scene: {
      xaxis: axis(0),
      yaxis: axis(1),
      zaxis: axis(2),
      aspectmode: "data",
      // From farther away if the plot is narrow.
      camera: {
        eye: place.clientWidth < 600 ? { x: 1.7, y: 1.7, z: 1.1 } : { x: 1.2, y: 1.2, z: 0.8 },
        center: { x: 0, y: 0, z: -0.12 }
      }
    }
  }
  yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        const plot = await library.newPlot(place, traces, layout, { responsive: true, displaylogo: false })
        plot.on("plotly_hover", ({ points: [point] }) => {
          if (point !== undefined) onHover(groups[point.curveNumber]![point.pointNumber])
        })
        plot.on("plotly_unhover", () => onHover(undefined))
        place.dataset["drawn"] = "true"
      },
      catch: (cause) =>
        new PlotError({
          reason: `This browser draws nothing in space: ${cause instanceof Error ? cause.message : cause}`
        })
    }),
    () => Effect.sync(() => library.purge(place))
  )
  return yield* Effect.never
}, Effect.scoped)

interface PictureProps {
  readonly sprite: ImagesData["sprite"]
  readonly point: number
}

/** A point's thumbnail in the sprite. */
const Picture = ({ point, sprite }: PictureProps) => {
  const scale = Math.max(1, Math.round(84 / Math.max(sprite.width, sprite.height)))
  return (
    <div
      class="picture"
      style={{
        width: `${scale * sprite.width}px`,
        height: `${scale * sprite.height}px`,
        backgroundImage: `url(${sprite.url})`,
        backgroundSize: `${scale * sprite.columns * sprite.width}px auto`,
        backgroundPosition: `${-scale * sprite.width * (point % sprite.columns)}px ${
          -scale * sprite.height * Math.floor(point / sprite.columns)
        }px`
      }}
    />
  )
}

const Scatter = ({ mode, model, run }: { readonly run: RunData; readonly model: ModelData; readonly mode: Mode }) => {
  const { near, ref } = useNear<HTMLDivElement>()
  const place = useRef<HTMLDivElement>(null)
  const [point, setPoint] = useState<number | undefined>(undefined)
  const { value: codes, error } = useEffectful(() => (near ? codesOf(model) : undefined), [near, model.codes])
  const { value: images } = useEffectful(
    () => (near && model.images !== undefined ? part(model.images, ImagesData) : undefined),
    [near, model.images]
  )
  const [chosen, setChosen] = useState<ReadonlyArray<number> | undefined>(undefined)
  const shown = useMemo(() => codes && grouped(codes), [codes])
  const order = useMemo(() => (codes === undefined ? [0, 1, 2] : byVariance(codes).slice(0, 3)), [codes])
  const dimensions = chosen ?? order
  const { classes, latent } = model
  const { error: failure } = useEffectful(
    () =>
      shown === undefined
        ? undefined
        : drawn({ place: place.current!, shown, dimensions, classes, mode, onHover: setPoint }),
    [shown, dimensions.join(), mode]
  )
  return (
    <div class="space" ref={ref}>
      {latent > 3 && (
        <p class="actions">
          {["x", "y", "z"].map((letter, axis) => (
            <label key={letter}>
              {letter}{" "}
              <select
                value={dimensions[axis]}
                onChange={(event) => setChosen(dimensions.with(axis, Number(event.currentTarget.value)))}
              >
                {Array.from({ length: latent }, (_, dimension) => (
                  <option key={dimension} value={dimension}>
                    z{dimension + 1}
                  </option>
                ))}
              </select>
            </label>
          ))}
        </p>
      )}
      {[error, failure].map((message) => message !== undefined && <p class="error">{message}</p>)}
      <div class="scene">
        <div
          ref={place}
          class="plot"
          role="group"
          aria-label={`Codes of ${codes?.count ?? 0} test images of ${nameOf(run)} in three of ${latent} dimensions, coloured by class.`}
        />
        {point !== undefined && codes !== undefined && (
          <div class="told" aria-hidden="true">
            {images !== undefined && <Picture sprite={images.sprite} point={point} />}
            <p>
              test image {codes.indices[point]}
              {codes.labels !== undefined && <br />}
              {codes.labels !== undefined && (classes?.[codes.labels[point]!] ?? codes.labels[point])}
            </p>
          </div>
        )}
      </div>
      <p class="quiet">Drag to rotate, scroll to zoom; click a class to hide it, double-click to show it alone.</p>
    </div>
  )
}

export const ScatterPlot3d = ({ mode, run }: { readonly run: RunData; readonly mode: Mode }) => {
  const { model } = run
  if (model === undefined) return <p class="quiet">{nameOf(run)} has left no codes.</p>
  return <Scatter key={model.codes} {...{ mode, model, run }} />
}
