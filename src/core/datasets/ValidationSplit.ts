/**
 * Holds out a part of the training examples for validation: to choose when to stop, without a look at the test examples.
 *
 * Laws: the test examples stay as they are; training and validation examples are disjoint and together the former
 * training examples; the same examples, options and seed give the same parts in the same order on every machine.
 */
import { Layer, Result } from "effect"
import { type Dataset, type LoadedDataset, Validation } from "../Dataset.ts"
import * as DerivedDataset from "./DerivedDataset.ts"
import * as Split from "./Split.ts"

export interface ValidationSplitOptions {
  /** Validation examples as a part of the training examples, above 0 and below 1. Default: 0.1. */
  readonly fraction?: number
  /** Which examples are held out: at `random`, even over the classes, or the `last` ones. Default: `random`. */
  readonly heldOut?: "random" | "last"
  /** Of the shuffle, an integer from 0. Default: 0. `last` has no use for it. */
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
    : Result.fail("it has a validation split already")

/**
 * The dataset with validation examples: `ValidationSplit.layer(Mnist.layer(), { fraction: 0.1 })` trains on 54,000 digits
 * and validates on 6,000.
 */
export const layer = <Offers = never>(
  dataset: Layer.Layer<Dataset | Offers>,
  options: ValidationSplitOptions = {}
): Layer.Layer<Dataset | Offers | Validation> => {
  const { fraction = 0.1, ...rest } = options
  const split = Split.resolve({ testFraction: fraction, ...rest })
  const { testFraction: _, ...how } = split
  return Layer.merge(
    DerivedDataset.layer(dataset, () => ({
      tag: "ValidationSplit",
      how: { validation: { ...how, fraction } },
      fault: Split.faultOf(split, "fraction"),
      examples: (loaded) => divided(split, loaded)
    })),
    Layer.succeed(Validation, { fraction })
  )
}
