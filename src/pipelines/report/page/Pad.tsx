/**
 * Where an image is drawn, or dropped as a file.
 */
import { Effect } from "effect"
import { useLayoutEffect, useRef, useState } from "preact/hooks"
import { fromFile, scaled } from "./Given.ts"
import type { Shape } from "./ImageView.tsx"

/** Pixels of the pad along each side. */
const side = 280

export interface PadProps {
  readonly shape: Shape
  readonly onImage: (pixels: Float32Array, name: string) => void
}

const clear = (canvas: HTMLCanvasElement): void => {
  const context = canvas.getContext("2d", { willReadFrequently: true })!
  context.fillStyle = "black"
  context.fillRect(0, 0, canvas.width, canvas.height)
}

export const Pad = ({ onImage, shape }: PadProps) => {
  const ref = useRef<HTMLCanvasElement>(null)
  const last = useRef<readonly [number, number] | undefined>(undefined)
  const [error, setError] = useState<string | undefined>(undefined)
  useLayoutEffect(() => clear(ref.current!), [shape])

  const stroke = (event: PointerEvent) => {
    const canvas = ref.current!
    const { left, top, width } = canvas.getBoundingClientRect()
    const scale = side / width
    const to = [(event.clientX - left) * scale, (event.clientY - top) * scale] as const
    const from = last.current ?? to
    last.current = to
    const context = canvas.getContext("2d", { willReadFrequently: true })!
    context.strokeStyle = "white"
    context.lineWidth = side / 13
    context.lineCap = "round"
    context.beginPath()
    context.moveTo(...from)
    context.lineTo(...to)
    context.stroke()
    onImage(scaled(canvas, canvas, shape), "your drawing")
  }

  const take = (file: File | undefined) => {
    if (file === undefined) return
    Effect.runFork(
      Effect.match(fromFile(file, shape), {
        onSuccess: (pixels) => {
          setError(undefined)
          onImage(pixels, file.name)
        },
        onFailure: ({ message }) => setError(message)
      })
    )
  }

  return (
    <div
      class="pad"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        take(event.dataTransfer?.files[0])
      }}
    >
      <canvas
        ref={ref}
        width={side}
        height={side}
        aria-label="Draw here with the pointer, or drop an image file."
        role="img"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          last.current = undefined
          stroke(event)
        }}
        onPointerMove={(event) => event.buttons > 0 && stroke(event)}
      />
      <p class="actions">
        <button type="button" onClick={() => clear(ref.current!)}>
          Clear
        </button>
        <label class="file">
          image file{" "}
          <input
            type="file"
            name="image"
            accept="image/*"
            onChange={(event) => take(event.currentTarget.files?.[0] ?? undefined)}
          />
        </label>
      </p>
      {error !== undefined && <p class="error">{error}</p>}
    </div>
  )
}
