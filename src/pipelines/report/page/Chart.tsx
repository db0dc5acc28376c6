/**
 * A figure with its title, its caption and its ways out.
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
  /** Level of the title among the page's headings. */
  readonly level?: 3 | 4
}

/** The figure's caption is what is said of it to those who cannot look. */
export const Chart = ({ figure, level = 3, mode }: ChartProps) => {
  const { near, ref } = useNear<HTMLElement>()
  const { ref: frame, width } = useWidth<HTMLDivElement>()
  const place = useRef<HTMLDivElement>(null)
  const tooltip = useRef<HTMLDListElement>(null)
  const [drawn, setDrawn] = useState(false)
  const { error } = useEffectful(
    () =>
      near && width > 0
        ? Effect.scoped(
            Effect.andThen(
              // The page before its charts.
              Effect.andThen(painted, draw({ figure, mode, width, place: place.current!, tooltip: tooltip.current! })),
              // The chart is there as long as it is shown.
              Effect.andThen(
                Effect.sync(() => setDrawn(true)),
                Effect.never
              )
            )
          )
        : undefined,
    [near, figure, mode, width]
  )
  // What is below stays where it is when the figure is drawn.
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
