/**
 * A trained model made of plain arrays: the code of an image is known in closed form, so that figures and numbers are.
 */
import { Effect, Layer } from "effect"
import { type Examples, type ImageShape, Labels } from "../../../src/core/Dataset.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import { ClassConditional, ContinuousLatent, PlanarLatent } from "../../../src/core/Model.ts"
import { PriorQuantiles } from "../../../src/core/Prior.ts"
import { StandardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { normal } from "../../../src/core/Random.ts"
import { TrainedModel } from "../../../src/core/TrainedModel.ts"

export interface FakeOptions {
  readonly shape?: ImageShape
  readonly latent?: number
  readonly count?: number
  readonly classes?: number
  /** Without labels where `false`. */
  readonly labelled?: boolean
  readonly terms?: Readonly<Record<string, Float32Array>>
  /** The same with each posterior's mean as the code. */
  readonly termsAtMean?: Readonly<Record<string, Float32Array>>
  readonly history?: TrainedModel["Service"]["history"]
  /** Called with the codes that are decoded, and the labels beside them. */
  /** Told how many codes are drawn from the prior, and what they share. */
  readonly onSample?: (count: number, shared: { readonly from: number; readonly each: number } | undefined) => void
  readonly onDecode?: (codes: Float32Array, labels: ArrayLike<number> | undefined) => void
  /** Whether the model takes labels, which it then ignores. */
  readonly conditional?: boolean
  /** Number of values of a pixel, where its probabilities are discrete. */
  readonly levels?: number
}

/** The posterior mean of image `index` of class `label` in one dimension: classes are 5 apart in every dimension. */
export const codeOf = (index: number, label: number, dimension: number): number =>
  5 * Math.cos((label + 1) * (dimension + 1)) + 0.1 * Math.sin(index * (dimension + 3))

const examples = (
  { height, width, channels }: ImageShape,
  count: number,
  classes: number,
  labelled: boolean
): Examples => ({
  count,
  images: Uint8Array.from({ length: count * height * width * channels }, (_, index) => (index * 37) % 256),
  ...(labelled ? { labels: Uint8Array.from({ length: count }, (_, index) => index % classes) } : {})
})

/** A model whose decoder gives each image one brightness, the logistic function of its code's first dimension. */
export const fake = (options: FakeOptions = {}): TrainedModel["Service"] => {
  const { classes = 3, count = 30, latent = 2 } = options
  const shape = options.shape ?? { height: 4, width: 4, channels: 1 }
  const pixels = shape.height * shape.width * shape.channels
  const test = examples(shape, count, classes, options.labelled ?? true)
  return {
    datasetName: "Fake",
    shape,
    data: { train: examples(shape, 2 * count, classes, options.labelled ?? true), test },
    latent,
    ...(options.conditional === true && { classes }),
    seed: 1,
    history: options.history ?? [],
    levels: options.levels,
    prior: "N(0, I)",
    samplePrior: (stream, count, shared) =>
      Effect.sync(() => {
        options.onSample?.(count, shared)
        return normal({ seed: 1, stream, step: 0 }, count * latent)
      }),
    encode: (_, indices) =>
      Effect.succeed({
        mean: Float32Array.from({ length: indices.length * latent }, (_, place) => {
          const index = indices[Math.floor(place / latent)]!
          return codeOf(index, index % classes, place % latent)
        }),
        deviation: new Float32Array(indices.length * latent).fill(0.5)
      }),
    // The code of an image of one brightness is what the decoder would give that brightness for.
    encodeImages: (images) =>
      Effect.succeed({
        mean: Float32Array.from({ length: (images.length / pixels) * latent }, (_, place) => {
          const first = Math.floor(place / latent) * pixels
          const brightness = images.subarray(first, first + pixels).reduce((sum, value) => sum + value, 0) / pixels
          return Math.log(brightness / (1 - brightness))
        }),
        deviation: new Float32Array((images.length / pixels) * latent).fill(0.5)
      }),
    decode: (codes, labels) =>
      Effect.sync(() => {
        options.onDecode?.(codes, labels)
        return Float32Array.from(
          { length: (codes.length / latent) * pixels },
          (_, place) => 1 / (1 + Math.exp(-codes[Math.floor(place / pixels) * latent]!))
        )
      }),
    // A log likelihood of minus the index for every image, whatever the number of draws.
    logWeights: (_, index, draws) => Effect.succeed(new Float32Array(draws).fill(-index)),
    terms: (_, code) => Effect.succeed((code === "mean" ? options.termsAtMean : options.terms) ?? {})
  }
}

/** Everything that an evaluation may ask for. */
export const fakeLayer = (options: FakeOptions = {}) =>
  Layer.mergeAll(
    Layer.succeed(TrainedModel, fake(options)),
    Layer.succeed(Labels, { classes: Array.from({ length: options.classes ?? 3 }, (_, index) => `class ${index}`) }),
    Layer.succeed(ContinuousLatent, { latent: 2 }),
    Layer.succeed(PlanarLatent, { latent: 2 }),
    Layer.succeed(PriorQuantiles, StandardNormal().quantiles),
    Layer.succeed(ClassConditional, { classes: options.classes ?? 3 }),
    Reference.layer
  )

/** Sizes and sorts of data that every figure must cope with. */
export const kinds: ReadonlyArray<{ readonly name: string } & FakeOptions> = [
  { name: "grey", shape: { height: 28, width: 28, channels: 1 }, count: 30, classes: 10 },
  { name: "colour, wider than high", shape: { height: 5, width: 9, channels: 3 }, count: 30 },
  { name: "one image", count: 1, classes: 1 },
  { name: "fewer images than asked for", count: 4 },
  { name: "no labels", labelled: false }
]
