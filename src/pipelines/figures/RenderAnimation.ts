/**
 * Renders an animation as an animated GIF, and its last frame as a PNG.
 *
 * Laws: every frame has the title with its label; the GIF is smaller than 5 MB; equal animations give equal bytes.
 */
import { Effect } from "effect"
import { type Animation, FigureError, pixelRatio } from "../../core/Figure.ts"
import { render } from "./RenderFigure.ts"

export interface RenderedAnimation {
  readonly gif: Uint8Array
  /** The last frame, at the size of a figure. */
  readonly png: Uint8Array
}

/** Maximum size of a GIF in bytes, small enough for mail and repositories. */
export const maximumBytes = 5_000_000

/** Encodings from the best to the smallest: scale of the frames, and number of colours. */
const encodings = [
  { scale: 1, colours: 256 },
  { scale: 1, colours: 64 },
  { scale: 0.75, colours: 64 },
  { scale: 0.5, colours: 64 },
  { scale: 0.35, colours: 32 }
] as const

/** Number of frames from which the total size is estimated, to skip encodings that are far too large. */
const sampled = 4

/** Total duration in milliseconds, without the pause at the last frame. */
const duration = 8_000

/** Duration of each frame in milliseconds: 8 seconds in all, at most half a second each; two seconds for the last. */
export const delays = (count: number): Array<number> =>
  Array.from({ length: count }, (_, index) =>
    index === count - 1 ? 2_000 : Math.min(500, Math.round(duration / count))
  )

const loadSharp = async () => (await import("sharp")).default

/** Pads frames to equal size with white at the right and below, because labels of different widths change the size. */
const ofOneSize = async (frames: ReadonlyArray<Uint8Array>): Promise<Array<Buffer>> => {
  const sharp = await loadSharp()
  const sizes = await Promise.all(frames.map((frame) => sharp(frame).metadata()))
  const width = Math.max(...sizes.map((size) => size.width))
  const height = Math.max(...sizes.map((size) => size.height))
  return Promise.all(
    frames.map((frame, index) =>
      sharp(frame)
        .flatten({ background: "white" })
        .extend({ right: width - sizes[index]!.width, bottom: height - sizes[index]!.height, background: "white" })
        .png({ compressionLevel: 1 })
        .toBuffer()
    )
  )
}

const encode = async (
  frames: ReadonlyArray<Buffer>,
  { colours, scale }: (typeof encodings)[number]
): Promise<Uint8Array> => {
  const sharp = await loadSharp()
  const { width } = await sharp(frames[0]).metadata()
  const sized =
    scale === 1
      ? [...frames]
      : await Promise.all(
          frames.map((frame) =>
            sharp(frame)
              .resize(Math.round(scale * width))
              .png()
              .toBuffer()
          )
        )
  // More effort takes up to ten times as long, for files of the same size.
  // A single frame cannot be joined.
  const joined = sized.length === 1 ? sharp(sized[0]) : sharp(sized, { join: { animated: true } })
  return joined.gif({ loop: 0, delay: delays(sized.length), colours, dither: 0, effort: 1 }).toBuffer()
}

/** Renders an animation. Errors: `FigureError`. */
export const renderAnimation = Effect.fn("RenderAnimation.renderAnimation")(function* (animation: Animation) {
  const { caption, frames, name, title } = animation
  const failed = (reason: string) => (cause: unknown) =>
    new FigureError({ figure: name, reason: cause instanceof Error ? `${reason}: ${cause.message}` : reason, cause })
  if (frames.length === 0) return yield* new FigureError({ figure: name, reason: "it has no frames" })
  const drawn = yield* Effect.forEach(frames, ({ label, view }, index) =>
    render({ name: `${name}, frame ${index + 1}`, title: `${title}, ${label}`, caption, view }, { pixelRatio: 1 })
  )
  const last = frames.at(-1)!
  const still = yield* render({ name, title: `${title}, ${last.label}`, caption, view: last.view }, { pixelRatio })
  const even = yield* Effect.tryPromise({
    try: () => ofOneSize(drawn.map(({ png }) => png)),
    catch: failed("its frames could not be resized")
  })
  const sample = even.filter((_, index) => index % Math.ceil(even.length / sampled) === 0)
  // The largest sample that is worth a try. How well a sample tells of the whole is known after the first one.
  let limit = (1.25 * maximumBytes * sample.length) / even.length
  for (const encoding of encodings) {
    const encoded = (some: ReadonlyArray<Buffer>) =>
      Effect.tryPromise({
        try: () => encode(some, encoding),
        catch: failed("its frames could not be encoded as a GIF")
      })
    const { length } = yield* encoded(sample)
    if (length > limit) continue
    const gif = yield* encoded(even)
    if (gif.length < maximumBytes) {
      const rendered: RenderedAnimation = { gif, png: still.png }
      return rendered
    }
    limit = (maximumBytes * length) / gif.length
  }
  return yield* new FigureError({
    figure: name,
    reason: `no GIF of its ${frames.length} frames is smaller than ${maximumBytes} bytes; make its views smaller`
  })
})
