/**
 * A canvas to draw an image on, or to load a file, which can be dropped anywhere on the page.
 */
import { Effect } from "effect"
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks"
import { readImageFile, scaled } from "./UserImage.ts"
import type { Shape } from "./ImageView.tsx"

/** Side of the canvas in pixels. */
const side = 280

export interface DrawingCanvasProps {
  readonly shape: Shape
  readonly onImage: (pixels: Float32Array, name: string) => void
}

const clear = (canvas: HTMLCanvasElement): void => {
  const context = canvas.getContext("2d", { willReadFrequently: true })!
  context.fillStyle = "black"
  context.fillRect(0, 0, canvas.width, canvas.height)
}

export const DrawingCanvas = ({ onImage, shape }: DrawingCanvasProps) => {
  const ref = useRef<HTMLCanvasElement>(null)
  const last = useRef<readonly [number, number] | undefined>(undefined)
  const [error, setError] = useState<string | undefined>(undefined)
  const [empty, setEmpty] = useState(true)
  const [given, setGiven] = useState<{ readonly pixels: Float32Array; readonly name: string } | undefined>(undefined)
  const [inverted, setInverted] = useState(false)
  useLayoutEffect(() => clear(ref.current!), [shape])

  /** Inverts, because most models were trained on light digits on black. */
  const show = ({ name, pixels }: NonNullable<typeof given>, invert: boolean) =>
    onImage(invert ? pixels.map((value) => 1 - value) : pixels, name)

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
    setEmpty(false)
    setGiven(undefined)
    onImage(scaled(canvas, canvas, shape), "your drawing")
  }

  const take = (file: File | undefined) => {
    if (file === undefined) return
    Effect.runFork(
      Effect.match(readImageFile(file, shape), {
        onSuccess: (pixels) => {
          setError(undefined)
          setGiven({ pixels, name: file.name })
          show({ pixels, name: file.name }, inverted)
        },
        onFailure: ({ message }) => setError(message)
      })
    )
  }

  // Otherwise the browser navigates to the file.
  useEffect(() => {
    const over = (event: DragEvent) => event.preventDefault()
    const drop = (event: DragEvent) => {
      event.preventDefault()
      take(event.dataTransfer?.files[0])
    }
    document.addEventListener("dragover", over)
    document.addEventListener("drop", drop)
    return () => {
      document.removeEventListener("dragover", over)
      document.removeEventListener("drop", drop)
    }
  }, [shape, inverted])

  return (
    <div class="pad">
      {empty && (
        <span class="hint" aria-hidden="true">
          Draw here, or drop an image file anywhere
        </span>
      )}
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
        <button
          type="button"
          disabled={empty}
          onClick={() => {
            clear(ref.current!)
            setEmpty(true)
          }}
        >
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
      {given !== undefined && (
        <label>
          <input
            type="checkbox"
            name="inverted"
            checked={inverted}
            onChange={() => {
              setInverted(!inverted)
              show(given, !inverted)
            }}
          />{" "}
          dark for light, as of ink on paper
        </label>
      )}
      {error !== undefined && <p class="error">{error}</p>}
    </div>
  )
}
