/**
 * Decoded images in a grid over the latent plane, drawn row by row.
 */
import { Effect } from "effect"
import { useEffect, useState } from "preact/hooks"
import type { RunData } from "../ReportData.ts"
import { type Extent, inPlane } from "./Codes.ts"
import { paint } from "./ImageView.tsx"
import { decode } from "./Networks.ts"

/** Images per row and column, so that their pixels about match the map's. */
const imagesAlong = (side: number): number => Math.max(4, Math.min(20, Math.floor(600 / side)))

/** Codes of one row of the grid, left to right, `[count, 2]`. */
export const rowCodes = (extent: Extent, count: number, row: number): Float32Array =>
  Float32Array.from(
    Array.from({ length: count }, (_, column) =>
      inPlane(extent, (column + 0.5) / count, 1 - (row + 0.5) / count)
    ).flat()
  )

/** The image of the plane, updated after each row; undefined if disabled. */
export const usePlane = (run: RunData, extent: Extent, label: number, wanted: boolean): ImageBitmap | undefined => {
  const [picture, setPicture] = useState<ImageBitmap | undefined>(undefined)
  useEffect(() => {
    const { model } = run
    if (!wanted || model === undefined) {
      setPicture(undefined)
      return undefined
    }
    const { shape } = model
    const count = imagesAlong(Math.max(shape.height, shape.width))
    const canvas = new OffscreenCanvas(count * shape.width, count * shape.height)
    const context = canvas.getContext("2d")!
    // Dark where nothing is decoded yet, because the points have colours for a dark background.
    context.fillStyle = "black"
    context.fillRect(0, 0, canvas.width, canvas.height)
    const size = shape.height * shape.width * shape.channels
    const drawRow = Effect.fnUntraced(function* (row: number) {
      const images = yield* decode(run, rowCodes(extent, count, row), label)
      for (let column = 0; column < count; column++) {
        const values = images.subarray(column * size, (column + 1) * size)
        paint(context as unknown as CanvasRenderingContext2D, shape, values, {
          x: column * shape.width,
          y: row * shape.height
        })
      }
      setPicture(yield* Effect.promise(() => createImageBitmap(canvas)))
      // Yields to the page.
      yield* Effect.sleep(0)
    })
    const fiber = Effect.runFork(
      Effect.ignore(Effect.forEach(Array.from({ length: count }).keys(), drawRow, { discard: true }))
    )
    return () => fiber.interruptUnsafe()
  }, [run.id, extent.x, extent.y, extent.half, label, wanted])
  return picture
}
