/**
 * A sprite sheet: thumbnails of many images in one PNG, so that a page needs only one file.
 */
import { Effect } from "effect"
import type { ImageShape } from "../Dataset.ts"
import { FigureError } from "../Figure.ts"

/** Thumbnails in row-major order from the top left. */
export interface Sprite {
  /** `data:image/png;base64,...` */
  readonly url: string
  readonly columns: number
  readonly rows: number
  /** Size of one thumbnail in pixels. */
  readonly width: number
  readonly height: number
}

/** Maximum width and height of a sprite in pixels, supported by all browsers. */
const widest = 8192

/** Maximum size of a thumbnail in pixels. */
const largest = 64

/** Downscaling factor along each axis. */
export const reduction = (shape: ImageShape, columns: number): number => {
  const side = Math.max(shape.height, shape.width)
  return Math.ceil(side / Math.max(1, Math.min(largest, Math.floor(widest / columns))))
}

/** Bytes `[rows * height, columns * width, channels]` of the thumbnails, downscaled by averaging. */
export const arrangeThumbnails = (images: Uint8Array, shape: ImageShape, indices: Int32Array) => {
  const { channels } = shape
  const columns = Math.max(1, Math.ceil(Math.sqrt(indices.length)))
  const rows = Math.max(1, Math.ceil(indices.length / columns))
  const factor = reduction(shape, columns)
  const height = Math.max(1, Math.floor(shape.height / factor))
  const width = Math.max(1, Math.floor(shape.width / factor))
  const pixels = new Uint8Array(rows * height * columns * width * channels)
  // A side shorter than the factor has fewer pixels to average.
  const [tall, wide] = [Math.min(factor, shape.height), Math.min(factor, shape.width)]
  indices.forEach((index, place) => {
    const from = index * shape.height * shape.width * channels
    const [top, left] = [Math.floor(place / columns) * height, (place % columns) * width]
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let channel = 0; channel < channels; channel++) {
          let sum = 0
          for (let row = 0; row < tall; row++) {
            for (let column = 0; column < wide; column++) {
              sum += images[from + ((y * factor + row) * shape.width + x * factor + column) * channels + channel]!
            }
          }
          pixels[((top + y) * columns * width + left + x) * channels + channel] = Math.round(sum / (tall * wide))
        }
      }
    }
  })
  return { pixels, columns, rows, width, height }
}

/** A sprite of the images at `indices` of `images` `[count, height, width, channels]`, 0 to 255. */
export const sprite = Effect.fn("Sprite.sprite")(function* (options: {
  /** For messages. */
  readonly name: string
  readonly images: Uint8Array
  readonly shape: ImageShape
  readonly indices: Int32Array
}) {
  const { pixels, ...grid } = arrangeThumbnails(options.images, options.shape, options.indices)
  const size = { width: grid.columns * grid.width, height: grid.rows * grid.height }
  const png = yield* Effect.tryPromise({
    try: async () => {
      const { default: sharp } = await import("sharp")
      const raw = { ...size, channels: options.shape.channels === 1 ? 1 : 3 } as const
      const picture = sharp(pixels, { raw, limitInputPixels: false })
      // Grey images stay at one channel, a third of the bytes.
      return (raw.channels === 1 ? picture.toColourspace("b-w") : picture).png().toBuffer()
    },
    catch: (cause) =>
      new FigureError({
        figure: options.name,
        reason: `no sprite of ${size.width} by ${size.height} pixels could be made`,
        cause
      })
  })
  const result: Sprite = { ...grid, url: `data:image/png;base64,${png.toString("base64")}` }
  return result
})
