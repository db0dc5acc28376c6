/**
 * What a format finds at a path: the declaration of a dataset that reads it.
 */
import type { Effect, FileSystem, Layer, Path, Scope } from "effect"
import type { Dataset } from "../Dataset.ts"
import type { Json } from "../Spec.ts"

export interface Detected {
  /** The exported function that provides the dataset, such as `ImageFolder.labelled`. */
  readonly call: string
  readonly options: Readonly<Record<string, Json>>
  /** What else is there, one sentence each. */
  readonly notes: ReadonlyArray<string>
  readonly layer: Layer.Layer<Dataset>
}

/** Looks at a path; undefined if it is not of the format. */
export type Detect = (
  path: string
) => Effect.Effect<Detected | undefined, Error, FileSystem.FileSystem | Path.Path | Scope.Scope>

/** The value that most have; the first of those that are equally frequent. */
export const mostFrequent = (values: ReadonlyArray<string>): string | undefined => {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  let best: string | undefined
  for (const [value, count] of counts) if (count > (counts.get(best ?? "") ?? 0)) best = value
  return best
}

/** Names of classes for the labels of a table: distinct values, numbers in their order. */
export const classesOf = (values: ReadonlyArray<unknown>): ReadonlyArray<string> => {
  const names = [...new Set(values.map(String))]
  return names.every((name) => /^\d+$/.test(name))
    ? names.toSorted((one, other) => Number(one) - Number(other))
    : names.toSorted()
}

/** `0`, `1`, ... up to the greatest label. */
export const numberedClasses = (labels: Uint8Array): ReadonlyArray<string> =>
  Array.from({ length: labels.reduce((most, label) => Math.max(most, label), 0) + 1 }, (_, label) => String(label))
