/**
 * The user's images, converted to a model's shape.
 */
import { Data, Effect } from "effect"
import type { Shape } from "./ImageView.tsx"

/** The browser cannot read the file as an image. */
export class UserImageError extends Data.TaggedError("GivenError")<{ readonly file: string }> {
  override get message(): string {
    return `${this.file} is no image that this browser can read.`
  }
}

/** A canvas's pixels, `[height, width, channels]`, 0 to 1; grey is the mean of RGB. */
export const pixelsOf = (canvas: OffscreenCanvas, { channels, height, width }: Shape): Float32Array => {
  const { data } = canvas.getContext("2d")!.getImageData(0, 0, width, height)
  return Float32Array.from({ length: height * width * channels }, (_, index) => {
    const pixel = 4 * Math.floor(index / channels)
    return channels === 1
      ? (data[pixel]! + data[pixel + 1]! + data[pixel + 2]!) / (3 * 255)
      : data[pixel + (index % channels)]! / 255
  })
}

/** Scales an image to fit the shape, on black. */
export const scaled = (
  source: CanvasImageSource,
  size: { width: number; height: number },
  shape: Shape
): Float32Array => {
  const canvas = new OffscreenCanvas(shape.width, shape.height)
  const context = canvas.getContext("2d", { willReadFrequently: true })!
  context.fillStyle = "black"
  context.fillRect(0, 0, shape.width, shape.height)
  context.imageSmoothingQuality = "high"
  const scale = Math.min(shape.width / size.width, shape.height / size.height)
  const [width, height] = [scale * size.width, scale * size.height]
  context.drawImage(source, (shape.width - width) / 2, (shape.height - height) / 2, width, height)
  return pixelsOf(canvas, shape)
}

/** Decodes an image file. */
export const readImageFile = (file: File, shape: Shape): Effect.Effect<Float32Array, UserImageError> =>
  Effect.tryPromise({
    try: async () => {
      const bitmap = await createImageBitmap(file)
      return scaled(bitmap, bitmap, shape)
    },
    catch: () => new UserImageError({ file: file.name })
  })
