/**
 * The quick version of any experiment: the same code on fewer images for fewer epochs, under its own name, so that its
 * results are not mistaken for the full ones.
 */
import { Layer, Result } from "effect"
import type { Dataset, Examples, LoadedDataset } from "../../core/Dataset.ts"
import * as DerivedDataset from "../../core/datasets/DerivedDataset.ts"
import type { AnyAssembly, Experiment } from "../../core/Experiment.ts"
import * as Training from "../../core/Training.ts"

/** Maximum number of training images, of test and validation images, of epochs, and of steps of a quick run. */
export const limits = { train: 2000, test: 500, epochs: 2, steps: 32 } as const

const first = (examples: Examples, count: number): Examples => {
  if (examples.count <= count) return examples
  const { images, labels } = examples
  return {
    count,
    images: images.subarray(0, (images.length / examples.count) * count),
    ...(labels === undefined ? {} : { labels: labels.subarray(0, count) })
  }
}

const firstOf = ({ test, train, validation }: LoadedDataset): LoadedDataset => ({
  train: first(train, limits.train),
  test: first(test, limits.test),
  ...(validation !== undefined && { validation: first(validation, limits.test) })
})

const { epochs, steps, ...counts } = limits

/** The first images of a dataset, with their own digest. */
const small = (of: Dataset["Service"]): DerivedDataset.Derivation => ({
  tag: "First",
  how: counts,
  name: `${of.name}, quick version`,
  examples: (loaded) => Result.succeed(firstOf(loaded))
})

const shorter = (training: Training.TrainingOptions): Training.TrainingOptions =>
  training.steps === undefined
    ? { ...training, epochs: Math.min(training.epochs, epochs) }
    : { ...training, steps: Math.min(training.steps, steps) }

const shortened = (assembly: AnyAssembly): AnyAssembly => ({
  ...assembly,
  dataset: DerivedDataset.layer(assembly.dataset, small),
  training: Layer.unwrap(Training.Training.useSync((training) => Training.layer(shorter(training)))).pipe(
    Layer.provide(assembly.training)
  )
})

/** The quick version of an experiment, under the name `NAME-quick`. */
export const quickVersion = <A>(experiment: Experiment<A>): Experiment<A> => ({
  ...experiment,
  pipe: experiment.pipe,
  name: `${experiment.name}-quick`,
  description: `${experiment.description} Quick version: at most ${counts.train} training images, ${epochs} epochs.`,
  // Values reported for the full experiment do not apply.
  reference: () => ({}),
  run: (values) => shortened(experiment.run(values))
})
