/**
 * The latent plane under the pointer: every position is a code.
 */
import { useLayoutEffect, useRef } from "preact/hooks"
import { niceTicks } from "../../../core/figures/NiceTicks.ts"
import { type Extent, inPlane, onMap } from "./Codes.ts"
import { drawMap, type MapOptions } from "./DrawMap.ts"
import { useWidth } from "./Hooks.ts"
import { text } from "./Numbers.ts"

type Point = readonly [horizontal: number, vertical: number]

export interface CodeMapProps extends Omit<MapOptions, "codes"> {
  readonly codes: MapOptions["codes"]
  /** Names of the axes. */
  readonly titles: readonly [string, string]
  /** Position of the current code. */
  readonly point: Point | undefined
  /** The interpolation, as positions. */
  readonly line: readonly [Point, Point] | undefined
  /** Called with the pointer's position; undefined when it leaves. */
  readonly onHover: (point: Point | undefined) => void
  /** Called when a position is chosen. */
  readonly onPick: (point: Point) => void
}

/** Steps of the arrow keys, as fractions of the map. */
const steps: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1]
}

const percent = (part: number): string => `${100 * part}%`

const Ticks = ({ extent, vertical }: { readonly extent: Extent; readonly vertical: boolean }) => {
  const middle = vertical ? extent.y : extent.x
  return (
    <div class={vertical ? "ticks up" : "ticks along"} aria-hidden="true">
      {niceTicks([middle - extent.half, middle + extent.half], 7).map((value) => {
        const part = (value - middle + extent.half) / (2 * extent.half)
        return (
          <span key={value} style={vertical ? { bottom: percent(part) } : { left: percent(part) }}>
            {text(value)}
          </span>
        )
      })}
    </div>
  )
}

export const CodeMap = (props: CodeMapProps) => {
  const { background, codes, colors, extent, horizontal, line, onHover, onPick, only, point, titles, vertical } = props
  const { ref: frame, width } = useWidth<HTMLDivElement>()
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    if (width === 0) return
    const pixels = Math.round(width * devicePixelRatio)
    const element = canvas.current!
    if (element.width !== pixels) [element.width, element.height] = [pixels, pixels]
    drawMap(element.getContext("2d")!, pixels, { background, codes, colors, extent, horizontal, only, vertical })
  }, [background, codes, colors, extent, horizontal, only, vertical, width])

  const pointOf = (event: PointerEvent): Point => {
    const { height, left, top, width } = frame.current!.getBoundingClientRect()
    return inPlane(extent, (event.clientX - left) / width, 1 - (event.clientY - top) / height)
  }
  const onKey = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    const [x, y] = point ?? [extent.x, extent.y]
    const size = extent.half * (event.shiftKey ? 0.1 : 0.02)
    onPick([x + step[0] * size, y + step[1] * size])
  }
  const place = point && onMap(extent, ...point)
  const ends = line?.map((end) => onMap(extent, ...end))
  return (
    <div class="map">
      <div class="axis-title up">{titles[1]}</div>
      {vertical !== undefined && <Ticks extent={extent} vertical />}
      <div
        ref={frame}
        class="plane"
        tabIndex={0}
        role="application"
        aria-roledescription="map of codes"
        aria-label={`Map of codes: ${titles.join(" and ")}. Arrow keys move the code, with shift in larger steps.`}
        onPointerMove={(event) => (event.pointerType === "mouse" ? onHover(pointOf(event)) : onPick(pointOf(event)))}
        onPointerLeave={() => onHover(undefined)}
        onPointerDown={(event) => onPick(pointOf(event))}
        onKeyDown={onKey}
      >
        <canvas ref={canvas} />
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          {ends && <line class="between" x1={ends[0]![0]} y1={1 - ends[0]![1]} x2={ends[1]![0]} y2={1 - ends[1]![1]} />}
          {place &&
            // Visible on any background: a light ring within a dark one.
            ["halo", "cross"].map((name) => (
              <g key={name} class={name}>
                <line x1={place[0]} y1={0} x2={place[0]} y2={1} />
                {vertical !== undefined && <line x1={0} y1={1 - place[1]} x2={1} y2={1 - place[1]} />}
              </g>
            ))}
        </svg>
      </div>
      <Ticks extent={extent} vertical={false} />
      <div class="axis-title along">{titles[0]}</div>
    </div>
  )
}
