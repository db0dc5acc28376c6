/**
 * A figure with title, caption and download buttons.
 */
import { Effect } from "effect"
import { useMemo, useRef, useState } from "preact/hooks"
import type { FigureData } from "../ReportData.ts"
import { save, saveDataUri } from "./Download.ts"
import { draw, exported } from "./DrawChart.ts"
import { fitted } from "./FitView.ts"
import { painted, useEffectful, useNear, useWidth } from "./Hooks.ts"
import type { Mode } from "./Theme.ts"

const saveSvg = (figure: FigureData) =>
  Effect.map(exported(figure), ({ svg }) => save(`${figure.name}.svg`, new Blob([svg], { type: "image/svg+xml" })))

const savePng = (figure: FigureData) =>
  Effect.map(exported(figure), ({ png }) => saveDataUri(`${figure.name}.png`, png))

export interface ChartProps {
  readonly figure: FigureData
  readonly mode: Mode
  /** Heading level of the title. */
  readonly level?: 3 | 4
  /** Whether it is drawn even outside the viewport, so that it is printed. */
  readonly eager?: boolean
}

/** The caption is also the text alternative. */
export const Chart = ({ eager = false, figure, level = 3, mode }: ChartProps) => {
  const { near, ref } = useNear<HTMLElement>(eager)
  const { ref: frame, width } = useWidth<HTMLDivElement>()
  const place = useRef<HTMLDivElement>(null)
  const tooltip = useRef<HTMLDListElement>(null)
  const [drawn, setDrawn] = useState(false)
  const { error } = useEffectful(
    () =>
      near && width > 0
        ? Effect.scoped(
            Effect.andThen(
              // The page is painted before its charts.
              Effect.andThen(painted, draw({ figure, mode, width, place: place.current!, tooltip: tooltip.current! })),
              // Keeps the chart until the component unmounts.
              Effect.andThen(
                Effect.sync(() => setDrawn(true)),
                Effect.never
              )
            )
          )
        : undefined,
    [near, figure, mode, width]
  )
  // Reserves the height, so that the page does not jump.
  const height = useMemo(() => (width > 0 ? fitted(figure.view, width).height : 0), [figure, width])
  const Title = `h${level}` as const
  return (
    <figure class="chart" ref={ref} data-figure={figure.name}>
      <Title>{figure.title}</Title>
      <div class="frame" ref={frame} style={drawn ? {} : { minHeight: `${height}px` }}>
        <div ref={place} role="img" aria-label={figure.caption} class="drawn" />
        <dl ref={tooltip} class="tooltip" hidden aria-hidden="true" />
      </div>
      {error !== undefined && <p class="error">{error}</p>}
      <figcaption>{figure.caption}</figcaption>
      <p class="actions">
        <button type="button" onClick={() => Effect.runFork(saveSvg(figure))}>
          Save SVG
        </button>
        <button type="button" onClick={() => Effect.runFork(savePng(figure))}>
          Save PNG
        </button>
      </p>
    </figure>
  )
}
