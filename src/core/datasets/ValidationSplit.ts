/**
 * Holds out some training examples for validation, for early stopping without the test examples.
 *
 * Laws: the test examples are unchanged. Training and validation examples are disjoint and together are the original
 * training examples. The same examples, options and seed give the same parts in the same order on every machine.
 */
import { Layer, Result } from "effect"
import { type Dataset, type LoadedDataset, Validation } from "../Dataset.ts"
import * as DerivedDataset from "./DerivedDataset.ts"
import * as Split from "./Split.ts"

export interface ValidationSplitOptions {
  /** Fraction of the training examples that is held out, above 0 and below 1; default: 0.1. */
  readonly fraction?: number
  /** Which examples are held out: `random`, stratified by class, or the `last` ones; default: `random`. */
  readonly heldOut?: "random" | "last"
  /** Seed of the shuffle, a non-negative integer; default: 0. `last` ignores it. */
  readonly seed?: number
}

const divided = (
  split: Split.Split,
  { test, train, validation }: LoadedDataset
): Result.Result<LoadedDataset, string> =>
  validation === undefined
    ? Result.map(Split.divide(train, split, "validation"), (parts) => ({
        train: parts.train,
        validation: parts.test,
        test
      }))
    : Result.fail("it already has a validation split")

/**
 * Adds validation examples to a dataset: `ValidationSplit.layer(Mnist.layer(), { fraction: 0.1 })` trains on 54,000
 * digits and validates on 6,000.
 */
export const layer = <Offers = never>(
  dataset: Layer.Layer<Dataset | Offers>,
  options: ValidationSplitOptions = {}
): Layer.Layer<Dataset | Offers | Validation> => {
  const { fraction = 0.1, ...rest } = options
  const split = Split.resolve({ testFraction: fraction, ...rest })
  const { testFraction: _, ...how } = split
  return Layer.merge(
    DerivedDataset.layer(dataset, (of) => ({
      tag: "ValidationSplit",
      how: { validation: { ...how, fraction } },
      problem: Split.problemOf(split, "fraction") ?? DerivedDataset.heldOutProblem(of),
      examples: (loaded) => divided(split, loaded)
    })),
    Layer.succeed(Validation, { fraction })
  )
}
