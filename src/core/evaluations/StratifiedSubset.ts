/**
 * Stratified subsets of a dataset's examples.
 */
import type { Examples } from "../Dataset.ts"
import type { Split } from "../TrainedModel.ts"

/** At most `count` indices in ascending order, stratified by class. */
export const stratified = (examples: Examples, count: number): Int32Array => {
  const { labels } = examples
  const indices = Int32Array.from({ length: examples.count }, (_, index) => index)
  if (examples.count <= count) return indices
  const byClass = labels === undefined ? indices : indices.toSorted((a, b) => labels[a]! - labels[b]! || a - b)
  return Int32Array.from(
    { length: count },
    (_, place) => byClass[Math.floor(((place + 0.5) * indices.length) / count)]!
  ).sort()
}

/** Formats a number with thousands separators: `5,000`. */
export const formatCount = (value: number): string => value.toLocaleString("en-US")

/** Describes a subset for titles and captions: `5,000 test images`, `a subset of the 10,000, ...`. */
export const describeSubset = (examples: Examples, split: Split, count: number) => ({
  images: `${formatCount(count)} ${split === "test" ? "test" : "training"} image${count === 1 ? "" : "s"}`,
  of: count < examples.count ? `a stratified subset of the ${formatCount(examples.count)}` : "all of them"
})

/** Class indices of the examples at `indices`; 0 without labels. */
export const labelsAt = (examples: Examples, indices: Int32Array): ReadonlyArray<number> =>
  Array.from(indices, (index) => examples.labels?.[index] ?? 0)
