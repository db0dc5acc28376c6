/**
 * A grid of images as one PNG in a data URI, enlarged by integer factors so that pixels stay sharp. Only very wide
 * grids are reduced.
 */
import { Effect } from "effect"
import type { ImageShape } from "../Dataset.ts"
import { FigureError, pixelRatio } from "../Figure.ts"

/** Images in rows and columns. */
export interface Mosaic {
  /** `data:image/png;base64,...` */
  readonly url: string
  readonly rows: number
  readonly columns: number
  /** Size in Vega's units (CSS pixels). */
  readonly width: number
  readonly height: number
}

export interface MosaicOptions {
  /** For messages. */
  readonly name: string
  /** `[count, height, width, channels]`, 0 to 1; values outside are clipped. */
  readonly images: Float32Array
  readonly shape: ImageShape
  readonly columns: number
  /** White space between images, as a fraction of an image's width. */
  readonly gap: number
}

/** Maximum width of a mosaic, in pixels of the PNG. */
const widest = 1400

/**
 * Pixels of the PNG per pixel of the data: 1 or an even number, so that half the size is an integer too; 1/2, 1/3 and
 * so on if the data is too wide.
 */
export const enlargement = (sourceWidth: number): number =>
  sourceWidth > widest ? 1 / Math.ceil(sourceWidth / widest) : Math.max(1, 2 * Math.floor(widest / sourceWidth / 2))

/** Bytes `[height, width, channels]` of the grid at the images' original size, on white. */
export const arrange = (options: MosaicOptions) => {
  const { columns, images, shape } = options
  const { channels, height, width } = shape
  const count = images.length / (height * width * channels)
  const rows = Math.max(1, Math.ceil(count / columns))
  const gap = options.gap === 0 ? 0 : Math.max(1, Math.round(options.gap * width))
  const size = { height: rows * (height + gap) - gap, width: columns * (width + gap) - gap }
  const pixels = new Uint8Array(size.height * size.width * channels).fill(255)
  for (let index = 0; index < count; index++) {
    const top = Math.floor(index / columns) * (height + gap)
    const left = (index % columns) * (width + gap)
    for (let row = 0; row < height; row++) {
      const from = (index * height + row) * width * channels
      const to = ((top + row) * size.width + left) * channels
      for (let offset = 0; offset < width * channels; offset++) {
        pixels[to + offset] = Math.round(255 * Math.min(1, Math.max(0, images[from + offset]!)))
      }
    }
  }
  return { pixels, rows, ...size }
}

/** Arranges images in a grid, row by row; unused cells are white. */
export const mosaic = Effect.fn("Mosaic.mosaic")(function* (options: MosaicOptions) {
  const grid = arrange(options)
  const factor = enlargement(grid.width)
  const [width, height] = [Math.round(grid.width * factor), Math.max(1, Math.round(grid.height * factor))]
  const png = yield* Effect.tryPromise({
    try: async () => {
      const { default: sharp } = await import("sharp")
      const raw = { width: grid.width, height: grid.height, channels: options.shape.channels === 1 ? 1 : 3 } as const
      return sharp(grid.pixels, { raw })
        .resize(width, height, { kernel: factor < 1 ? "cubic" : "nearest", fit: "fill" })
        .png({ compressionLevel: 9 })
        .toBuffer()
    },
    catch: (cause) =>
      new FigureError({ figure: options.name, reason: `no PNG of ${width} by ${height} pixels could be made`, cause })
  })
  const result: Mosaic = {
    url: `data:image/png;base64,${png.toString("base64")}`,
    rows: grid.rows,
    columns: options.columns,
    width: width / pixelRatio,
    height: height / pixelRatio
  }
  return result
})
