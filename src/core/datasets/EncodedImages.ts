/**
 * Decodes many images (PNG, JPEG, WebP) concurrently into an array, and collects the unusable ones for one message.
 */
import { Effect, FileSystem } from "effect"
import type { ImageShape } from "../Dataset.ts"
import { sha256 } from "../Spec.ts"
import { mostFrequent } from "./Detected.ts"
import { decode, type Decoded, type ImageFileError, type Resize, shapeOf } from "./ImageFile.ts"
import { some } from "./ImageListing.ts"
import * as UserPath from "./UserPath.ts"

/** The result of decoding one image. */
export interface DecodedImage {
  /** Of the encoded bytes. */
  readonly sha256: string
  /** Why it cannot be used, if so. */
  readonly problem?: { readonly kind: "size" | "content"; readonly text: string }
}

/** A larger file is not a photograph. */
const maximumFileBytes = 2 ** 28

/** Number of images decoded concurrently. */
export const concurrency = 4

/** Decodes one image to its place; `name` is for messages. */
export const decodeTo = Effect.fnUntraced(function* (
  name: string,
  bytes: Uint8Array,
  shape: ImageShape,
  resize: Resize | undefined,
  place: Uint8Array
) {
  const problem = yield* Effect.match(decode(bytes, shape, resize), {
    onFailure: (error: ImageFileError): DecodedImage["problem"] => ({
      kind: "content",
      text: `${name} (${error.reason})`
    }),
    onSuccess: (decoded: Decoded): DecodedImage["problem"] => {
      if (decoded._tag === "OtherSize") return { kind: "size", text: `${name} (${decoded.height}x${decoded.width})` }
      place.set(decoded.pixels)
      return undefined
    }
  })
  return { sha256: sha256(bytes), ...(problem !== undefined && { problem }) } satisfies DecodedImage as DecodedImage
})

/** Decodes one file to its place. */
export const decodeFileTo = Effect.fnUntraced(function* (
  name: string,
  path: string,
  shape: ImageShape,
  resize: Resize | undefined,
  place: Uint8Array
) {
  const fs = yield* FileSystem.FileSystem
  const { size, type } = yield* fs.stat(path)
  if (type !== "File") return yield* new UserPath.NoFileError({ path, found: type.toLowerCase() })
  if (size > maximumFileBytes) {
    const text = `${name} (${size} bytes, expected at most ${maximumFileBytes})`
    return {
      sha256: yield* UserPath.hash(path),
      problem: { kind: "content", text }
    } satisfies DecodedImage as DecodedImage
  }
  return yield* decodeTo(name, yield* fs.readFile(path), shape, resize, place)
})

/** The shape that most of the first 1,000 images have; grey only if all of them are. Unreadable images are left out. */
export const commonShape = Effect.fnUntraced(function* <E, R>(images: ReadonlyArray<Effect.Effect<Uint8Array, E, R>>) {
  const read = yield* Effect.forEach(
    images.slice(0, 1000),
    (bytes) => Effect.orElseSucceed(Effect.flatMap(bytes, shapeOf), () => undefined),
    { concurrency }
  )
  const shapes = read.filter((shape) => shape !== undefined)
  const size = mostFrequent(shapes.map(({ height, width }) => `${height} ${width}`))
  if (size === undefined) return undefined
  const [height, width] = size.split(" ").map(Number)
  const channels = shapes.every((shape) => shape.channels === 1) ? 1 : 3
  return { height: height!, width: width!, channels } satisfies ImageShape as ImageShape & { readonly channels: 1 | 3 }
})

/** All images that cannot be used, by name; undefined if there are none. */
export const complaint = (images: ReadonlyArray<DecodedImage>, { height, width }: ImageShape): string | undefined => {
  const of = (wanted: "size" | "content") =>
    images.flatMap(({ problem }) => (problem?.kind === wanted ? [problem.text] : []))
  const [sizes, contents] = [of("size"), of("content")]
  if (contents.length > 0) {
    return `${contents.length} of ${images.length} files cannot be read as images: ${some(contents)}; repair or remove them`
  }
  if (sizes.length === 0) return undefined
  const text = `expected images of ${height}x${width} pixels (height x width), found ${sizes.length} of ${images.length} of`
  return `${text} another size: ${some(sizes)}; give resize: "crop" or "stretch", or remove them`
}
