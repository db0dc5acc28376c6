/**
 * The pixels of one PNG, JPEG or WebP file, in the size and the number of channels that a dataset has.
 *
 * Turned upright as its EXIF data says; laid on black where it is transparent; the first picture of an animation. Colours are
 * sRGB; grey from colours is their luminance. Resizing and lossy formats give what the installed libvips makes of them.
 */
import { Effect, Schema } from "effect"
import type { ImageShape } from "../Dataset.ts"

/** How an image of another size is made to fit: cut to the shape's proportions around its middle, or stretched. */
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

/** Pixels `[height, width, channels]`, or the size of an image that has another one and may not be resized. */
export type Decoded =
  | { readonly _tag: "Pixels"; readonly pixels: Uint8Array }
  | { readonly _tag: "OtherSize"; readonly height: number; readonly width: number }

/** Some hundred megabytes once decoded: above what a camera makes, below what stops a machine. */
const maximumPixels = 2 ** 27

/** In pixels; libvips shrinks no side to less than a millionth. */
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

/** What decodes, for a digest: pixels may differ between versions. */
export const decoder: Effect.Effect<string, ImageFileError> = adapt(async ({ versions }) => `libvips ${versions.vips}`)

/** Decodes the bytes of a file. A damaged file is refused even where some of it could be shown. */
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
