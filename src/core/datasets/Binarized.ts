/**
 * Binarised images: every pixel is sampled with its grey value as the probability, once or in each epoch.
 *
 * Drawn anew, a training step draws the pixels of its batch from noise that is an input of the step, keyed by the run's
 * seed and the step; as an image is in one step of an epoch, that is a draw per epoch. Test and validation images are
 * drawn once in either case, so that their numbers compare between epochs and runs; training images that an evaluation
 * shows are grey.
 *
 * Source: Burda, Grosse and Salakhutdinov 2015, section 5.1, https://arxiv.org/abs/1509.00519 (anew); Salakhutdinov and
 * Murray 2008 (once)
 */
import * as tf from "@tensorflow/tfjs-core"
import { type Layer, Result } from "effect"
import type { Augmentation, Dataset, Examples, ImageShape } from "../Dataset.ts"
import { uniform } from "../Random.ts"
import * as DerivedDataset from "./DerivedDataset.ts"
import { choiceProblem } from "../OptionProblem.ts"

export interface BinarizedOptions {
  /** How often the training images are drawn. Default: `each-epoch`. */
  readonly draw?: "each-epoch" | "once"
  /** Seed of images that are drawn once, a non-negative integer; draws in training use the run's seed; default: 0. */
  readonly seed?: number
}

const draws: ReadonlyArray<string> = ["each-epoch", "once"]

/** Bytes 0 and 255: 255 where a uniform number is below the grey value. */
const drawnOnce = (examples: Examples, split: string, seed: number): Examples => {
  const { count, images } = examples
  const size = images.length / count
  const drawn = new Uint8Array(images.length)
  for (let example = 0; example < count; example++) {
    const noise = uniform({ seed, stream: `binarization/${split}`, step: example }, size)
    for (let pixel = example * size; pixel < (example + 1) * size; pixel++) {
      drawn[pixel] = noise[pixel - example * size]! * 255 < images[pixel]! ? 255 : 0
    }
  }
  return { ...examples, images: drawn }
}

/** Draws every pixel of a batch: 1 where the noise, uniform in [0, 1), is below the grey value. */
export const drawnAnew = ({ channels, height, width }: ImageShape): Augmentation => ({
  noise: { binarization: { distribution: "uniform", shape: [height, width, channels] } },
  apply: (images, noise) => tf.cast(tf.less(noise["binarization"]!, images), "float32")
})

const problemOf = (draw: string, seed: number): string | undefined => {
  const choice = choiceProblem("draw", draw, draws)
  if (choice !== undefined) return choice
  return Number.isSafeInteger(seed) && seed >= 0
    ? undefined
    : `seed must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}, found ${seed}`
}

/** The dataset with binary pixels: `Binarized.layer(Mnist.layer())` is dynamically binarised MNIST. */
export const layer = <Offers = never>(
  dataset: Layer.Layer<Dataset | Offers>,
  { draw = "each-epoch", seed = 0 }: BinarizedOptions = {}
): Layer.Layer<Dataset | Offers> =>
  DerivedDataset.layer(dataset, ({ name, shape }) => ({
    tag: "Binarized",
    how: { binarization: { draw, seed } },
    name: `binarised ${name}`,
    problem: problemOf(draw, seed),
    ...(draw === "each-epoch" && { augmentation: drawnAnew(shape) }),
    examples: ({ test, train, validation }) =>
      Result.succeed({
        train: draw === "once" ? drawnOnce(train, "train", seed) : train,
        test: drawnOnce(test, "test", seed),
        ...(validation !== undefined && { validation: drawnOnce(validation, "validation", seed) })
      })
  }))
