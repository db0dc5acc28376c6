/**
 * Splits examples into training and test examples by a fraction: at random and stratified by class, or in order.
 *
 * Laws: the parts are disjoint, complete and not empty. The same examples, options and seed give the same parts in the
 * same order on every machine. In a random split, the number of test examples of a class differs from the fraction of
 * that class by at most one.
 */
import { type Layer, Result } from "effect"
import type { Dataset, Examples, LoadedDataset } from "../Dataset.ts"
import { permutation } from "../Random.ts"
import * as DerivedDataset from "./DerivedDataset.ts"

export interface SplitOptions {
  /** Fraction of the test examples, above 0 and below 1; default: 0.2. */
  readonly testFraction?: number
  /**
   * Which examples are test examples; default: `random`. `random` shuffles both parts and, with labels, stratifies by
   * class. `last` takes the last examples and keeps the order: for video frames, or to follow the source's own split.
   */
  readonly heldOut?: "random" | "last"
  /** Seed of the shuffle, a non-negative integer; default: 0. `last` ignores it. */
  readonly seed?: number
}

/** The options, defaults filled in; part of a dataset's spec. */
export type Split =
  | { readonly _tag: "Random"; readonly testFraction: number; readonly seed: number }
  | { readonly _tag: "Last"; readonly testFraction: number }

/** Indices of the examples of each part, in order. */
export interface Parts {
  readonly train: Int32Array
  readonly test: Int32Array
}

export const resolve = ({ heldOut = "random", seed = 0, testFraction = 0.2 }: SplitOptions): Split =>
  heldOut === "last" ? { _tag: "Last", testFraction } : { _tag: "Random", testFraction, seed }

/** What is wrong with a split and what is allowed; undefined if it is valid. */
export const problemOf = (split: Split, name = "testFraction"): string | undefined => {
  const { testFraction } = split
  if (!(testFraction > 0 && testFraction < 1)) return `${name} must be above 0 and below 1, found ${testFraction}`
  if (split._tag === "Random" && (!Number.isSafeInteger(split.seed) || split.seed < 0)) {
    return `seed must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}, found ${split.seed}`
  }
  return undefined
}

/**
 * Number of test examples per class, by the largest remainder method: the fraction of the class rounded down, plus one
 * for the classes with the largest remainders until the sum is the rounded fraction of all. `counts` has one number per
 * class.
 */
const quotas = (counts: ReadonlyArray<number>, testFraction: number): Array<number> => {
  const shares = counts.map((count) => count * testFraction)
  const result = shares.map(Math.floor)
  const total = Math.round(counts.reduce((sum, count) => sum + count, 0) * testFraction)
  const missing = total - result.reduce((sum, quota) => sum + quota, 0)
  const byLoss = Array.from(shares.keys()).toSorted(
    (one, other) => shares[other]! - result[other]! - (shares[one]! - result[one]!)
  )
  for (const label of byLoss.slice(0, missing)) result[label] = result[label]! + 1
  return result
}

/** Splits `count` examples. With `labels`, one per example, the parts keep the classes' proportions. */
export const parts = (split: Split, count: number, labels?: Uint8Array): Parts => {
  const held = Math.round(count * split.testFraction)
  if (split._tag === "Last") {
    const order = Int32Array.from({ length: count }, (_, index) => index)
    return { train: order.subarray(0, count - held), test: order.subarray(count - held) }
  }
  const order = permutation({ seed: split.seed, stream: "split", step: 0 }, count)
  const counts = Array.from({ length: 256 }).fill(0) as Array<number>
  for (let index = 0; index < count; index++) counts[labels?.[index] ?? 0]! += 1
  const left = quotas(counts, split.testFraction)
  const result = { train: new Int32Array(count - held), test: new Int32Array(held) }
  const filled = { train: 0, test: 0 }
  for (const index of order) {
    const label = labels?.[index] ?? 0
    const part = left[label]! > 0 ? "test" : "train"
    if (part === "test") left[label]! -= 1
    result[part][filled[part]++] = index
  }
  return result
}

const gather = ({ count, images, labels }: Examples, places: Int32Array): Examples => {
  const size = images.length / count
  const gathered = new Uint8Array(places.length * size)
  places.forEach((from, to) => gathered.set(images.subarray(from * size, (from + 1) * size), to * size))
  return {
    count: places.length,
    images: gathered,
    ...(labels !== undefined && { labels: Uint8Array.from(places, (from) => labels[from]!) })
  }
}

/** Examples `from` to `to`, as views of the arrays. */
const slice = ({ count, images, labels }: Examples, from: number, to: number): Examples => {
  const size = images.length / count
  return {
    count: to - from,
    images: images.subarray(from * size, to * size),
    ...(labels !== undefined && { labels: labels.subarray(from, to) })
  }
}

/** Why a part of `count` examples would be empty; undefined if neither is. */
export const emptyPart = (
  { testFraction }: Split,
  count: number,
  heldOut: "test" | "validation" = "test"
): string | undefined => {
  const held = Math.round(count * testFraction)
  if (held > 0 && held < count) return undefined
  const option = heldOut === "test" ? "testFraction" : "fraction"
  return `${option} ${testFraction} makes ${held} of ${count} images ${heldOut} images; each part needs at least one`
}

/** Splits examples, or returns why a part would be empty. With `last` the parts are views of the examples. */
export const divide = (
  examples: Examples,
  split: Split,
  heldOut: "test" | "validation" = "test"
): Result.Result<LoadedDataset, string> => {
  const { count, labels } = examples
  const problem = emptyPart(split, count, heldOut)
  if (problem !== undefined) return Result.fail(problem)
  const held = Math.round(count * split.testFraction)
  if (split._tag === "Last") {
    return Result.succeed({ train: slice(examples, 0, count - held), test: slice(examples, count - held, count) })
  }
  const { test, train } = parts(split, count, labels)
  return Result.succeed({ train: gather(examples, train), test: gather(examples, test) })
}

/** All examples, training examples first. */
export const join = ({ test, train, validation }: LoadedDataset): Examples => {
  const parts = validation === undefined ? [train, test] : [train, validation, test]
  const concatenate = (arrays: ReadonlyArray<Uint8Array>): Uint8Array => {
    const all = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0))
    let start = 0
    for (const array of arrays) {
      all.set(array, start)
      start += array.length
    }
    return all
  }
  const labels = parts.flatMap((part) => (part.labels === undefined ? [] : [part.labels]))
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    images: concatenate(parts.map(({ images }) => images)),
    ...(labels.length === parts.length && { labels: concatenate(labels) })
  }
}

/**
 * Concatenates a dataset's training and test examples and splits them again. Other services of its layer are kept.
 *
 * `Split.layer(Mnist.layer(), { testFraction: 0.3, heldOut: "last" })` holds out the last 21,000 of all 70,000 digits.
 */
export const layer = <Offers = never>(
  dataset: Layer.Layer<Dataset | Offers>,
  options: SplitOptions
): Layer.Layer<Dataset | Offers> => {
  const split = resolve(options)
  return DerivedDataset.layer(dataset, (of) => ({
    tag: "Split",
    how: { split },
    problem: problemOf(split) ?? DerivedDataset.heldOutProblem(of),
    examples: (loaded) => divide(join(loaded), split)
  }))
}
