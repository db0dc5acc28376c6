/**
 * Straight lines between the codes of test images.
 */
import { Effect } from "effect"
import { permutation } from "../Random.ts"
import { labelsFor, TrainedModel } from "../TrainedModel.ts"
import { chooseExamples } from "./Reconstructions.ts"

/** Equally spaced points from one code to another, `[steps, latent]`, both ends included. */
export const pointsBetween = (from: Float32Array, to: Float32Array, steps: number): Float32Array =>
  Float32Array.from({ length: steps * from.length }, (_, place) => {
    const share = Math.floor(place / from.length) / Math.max(1, steps - 1)
    const [a, b] = [from[place % from.length]!, to[place % from.length]!]
    return a + share * (b - a)
  })

/** Lines in the latent space, and the images along them. */
export interface LatentLines {
  readonly lines: number
  /** Length of each line in units of the code. */
  readonly lengths: Float32Array
  /** `[lines, steps, height, width, channels]`: means of `p(x | z)`. */
  readonly images: Float32Array
}

/**
 * At most `lines` lines, each between the mean codes of two test images. The images are balanced over the classes if
 * there are labels, and paired at random. A conditional model gets the first image's label along the whole line.
 */
export const latentLines = Effect.fnUntraced(function* (lines: number, steps: number) {
  const model = yield* TrainedModel
  const { data, decode, encode, latent, seed } = model
  const chosen = chooseExamples(data.test, 2 * lines)
  const indices = permutation({ seed, stream: "evaluation/latent-lines", step: 0 }, chosen.length).map(
    (place) => chosen[place]!
  )
  const { mean } = yield* encode("test", indices)
  const codeOf = (place: number): Float32Array => mean.subarray(place * latent, (place + 1) * latent)
  const count = Math.floor(indices.length / 2)
  const pairs = Array.from({ length: count }, (_, line) => [codeOf(2 * line), codeOf(2 * line + 1)] as const)
  const codes = new Float32Array(count * steps * latent)
  pairs.forEach(([from, to], line) => codes.set(pointsBetween(from, to, steps), line * steps * latent))
  const labels = labelsFor(model, "test", indices)
  const images = yield* decode(
    codes,
    labels && Int32Array.from({ length: count * steps }, (_, place) => labels[2 * Math.floor(place / steps)]!)
  )
  const found: LatentLines = {
    lines: count,
    lengths: Float32Array.from(pairs, ([from, to]) => Math.hypot(...from.map((value, index) => to[index]! - value))),
    images
  }
  return found
})
