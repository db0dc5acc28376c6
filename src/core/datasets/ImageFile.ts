/**
 * Decodes one PNG, JPEG or WebP file to the size and the number of channels of a dataset.
 *
 * Applies the EXIF orientation, composites transparent pixels on black, and takes the first frame of an animation.
 * Colours are sRGB; grey is their luminance. Results of resizing and of lossy formats depend on the installed version
 * of libvips.
 */
import { Effect, Schema } from "effect"
import type { ImageShape } from "../Dataset.ts"

/** How an image of another size is resized: centre-cropped to the aspect ratio first, or stretched. */
export type Resize = "crop" | "stretch"

/** A file cannot be read as an image. */
export class ImageFileError extends Schema.TaggedError<ImageFileError>()("ImageFileError", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return this.reason
  }
}

/** Pixels `[height, width, channels]`, or the size of an image that does not fit and may not be resized. */
export type Decoded =
  | { readonly _tag: "Pixels"; readonly pixels: Uint8Array }
  | { readonly _tag: "OtherSize"; readonly height: number; readonly width: number }

/** A few hundred megabytes decoded: more than a camera produces, less than exhausts memory. */
const maximumPixels = 2 ** 27

/** In pixels. libvips cannot shrink a side by more than a factor of a million. */
const maximumSide = 1_000_000

const formats: ReadonlyArray<string> = ["png", "jpeg", "webp"]

const adapt = <A>(use: (library: typeof import("sharp").default) => Promise<A>): Effect.Effect<A, ImageFileError> =>
  Effect.tryPromise({
    try: async () => use((await import("sharp")).default),
    catch: (cause) => {
      const text = cause instanceof Error ? cause.message : String(cause)
      return new ImageFileError({ reason: text.replaceAll(/\s*\n\s*/g, "; "), cause })
    }
  })

/** Name and version of the decoder, part of a digest because pixels may differ between versions. */
export const decoder: Effect.Effect<string, ImageFileError> = adapt(async ({ versions }) => `libvips ${versions.vips}`)

/** Size and channels of an image as it would be decoded: 1 for grey ones, else 3. */
export const shapeOf = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const input = { limitInputPixels: maximumPixels } as const
  const { autoOrient, space } = yield* adapt((sharp) => sharp(bytes, input).metadata())
  const shape: ImageShape = { ...autoOrient, channels: space === "b-w" || space === "grey16" ? 1 : 3 }
  return shape
})

/** Decodes the bytes of a file. Fails for a damaged file, even a partly readable one. */
export const decode = Effect.fnUntraced(function* (bytes: Uint8Array, shape: ImageShape, resize: Resize | undefined) {
  const { channels, height, width } = shape
  const input = { limitInputPixels: maximumPixels, failOn: "warning" } as const
  const { autoOrient: upright, format } = yield* adapt((sharp) => sharp(bytes, input).metadata())
  if (!formats.includes(format)) {
    return yield* new ImageFileError({ reason: `expected a PNG, JPEG or WebP image, found ${format}` })
  }
  const side = Math.max(upright.height, upright.width)
  if (side > maximumSide) {
    return yield* new ImageFileError({ reason: `expected sides of at most ${maximumSide} pixels, found ${side}` })
  }
  if (resize === undefined && (upright.height !== height || upright.width !== width)) {
    const other: Decoded = { _tag: "OtherSize", height: upright.height, width: upright.width }
    return other
  }
  const { data, info } = yield* adapt((sharp) =>
    sharp(bytes, input)
      .autoOrient()
      .flatten({ background: "#000000" })
      .resize(width, height, { fit: resize === "stretch" ? "fill" : "cover" })
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .raw()
      .toBuffer({ resolveWithObject: true })
  )
  if (info.height !== height || info.width !== width || info.channels !== channels) {
    const found = `[${info.height}, ${info.width}, ${info.channels}]`
    return yield* new ImageFileError({ reason: `expected pixels [${height}, ${width}, ${channels}], found ${found}` })
  }
  const decoded: Decoded = { _tag: "Pixels", pixels: data }
  return decoded
})
