/**
 * A few training images of a labelled dataset, each its own class, for a model to memorise. Training and test examples
 * are the same images.
 *
 * Laws: the images are the first of each class, then the second of each class, and so on. An image's label is its
 * index, so that a conditional model can tell the images apart.
 */
import { Context, Effect, Layer, Result } from "effect"
import { Dataset, type Examples, Labels, type LoadedDataset } from "../Dataset.ts"
import { derived } from "./DerivedDataset.ts"

export interface ImageInstancesOptions {
  /** Number of images, from 1 to 256. */
  readonly count: number
  /** Copies of each image among the training examples, for more than one step per epoch; default: 1. */
  readonly repeat?: number
}

type Resolved = Required<ImageInstancesOptions>

/** What is wrong with the options and what is allowed; undefined if they are valid. */
export const problemOf = ({ count, repeat }: Resolved): string | undefined => {
  if (!Number.isInteger(count) || count < 1 || count > 256)
    return `count must be an integer from 1 to 256, found ${count}`
  if (!Number.isInteger(repeat) || repeat < 1) return `repeat must be a positive integer, found ${repeat}`
  return undefined
}

/** Names of `count` images by class: `cat`, `dog`, then `cat (2)`, `dog (2)`. */
export const nameImages = (classes: ReadonlyArray<string>, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, place) => {
    const round = Math.floor(place / classes.length)
    return classes[place % classes.length]! + (round === 0 ? "" : ` (${round + 1})`)
  })

/**
 * Indices of `count` examples: the first of each class, the second, and so on; or the reason if a class has too few.
 */
export const firstOfEachClass = (
  labels: Uint8Array,
  classes: ReadonlyArray<string>,
  count: number
): Result.Result<ReadonlyArray<number>, string> =>
  Result.gen(function* () {
    const next = classes.map(() => 0)
    const indices: Array<number> = []
    for (let place = 0; place < count; place++) {
      const label = place % classes.length
      const index = labels.indexOf(label, next[label])
      if (index < 0) {
        const have = Math.floor(place / classes.length)
        return yield* Result.fail(
          `count ${count} needs ${have + 1} training images of class ${classes[label]}, found ${have}`
        )
      }
      next[label] = index + 1
      indices.push(index)
    }
    return indices
  })

/** The training images at `indices`, concatenated, `repeat` times. */
const gather = ({ count, images }: Examples, indices: ReadonlyArray<number>, repeat: number): Examples => {
  const size = images.length / count
  const gathered = new Uint8Array(repeat * indices.length * size)
  for (let to = 0; to < repeat * indices.length; to++) {
    const from = indices[to % indices.length]!
    gathered.set(images.subarray(from * size, (from + 1) * size), to * size)
  }
  return {
    count: repeat * indices.length,
    images: gathered,
    labels: Uint8Array.from({ length: repeat * indices.length }, (_, place) => place % indices.length)
  }
}

const choose = (
  { train }: LoadedDataset,
  classes: ReadonlyArray<string>,
  { count, repeat }: Resolved
): Result.Result<LoadedDataset, string> =>
  Result.map(firstOfEachClass(train.labels ?? new Uint8Array(0), classes, count), (indices) => ({
    train: gather(train, indices, repeat),
    test: gather(train, indices, 1)
  }))

/**
 * Provides `count` training images of a dataset; `Labels` then names the images.
 *
 * `ImageInstances.layer(Mnist.layer(), { count: 10, repeat: 200 })` is the first image of each digit, 200 times per
 * epoch.
 */
export const layer = <Offers = never>(
  dataset: Layer.Layer<Dataset | Labels | Offers>,
  { count, repeat = 1 }: ImageInstancesOptions
): Layer.Layer<Dataset | Labels | Offers> => {
  const options = { count, repeat }
  const problem = problemOf(options)
  const instances = Layer.effectContext(
    Effect.map(Effect.all({ of: Dataset, labels: Labels }), ({ labels: { classes }, of }) =>
      Context.make(
        Dataset,
        derived(of, {
          // The dataset's former name, kept because specs determine run ids.
          tag: "Exemplars",
          how: options,
          name: `${of.name}, ${count === 1 ? "1 image" : `${count} images`} to memorise`,
          problem,
          examples: (loaded) => choose(loaded, classes, options)
        })
        // invalid options are reported when the dataset is located
      ).pipe(Context.add(Labels, { classes: problem === undefined ? nameImages(classes, count) : [] }))
    )
  )
  return Layer.provideMerge(instances, dataset)
}
