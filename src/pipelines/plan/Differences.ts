/**
 * Differences between two JSON values, field by field.
 */
import { Predicate } from "effect"
import { canonicalJson, type Json } from "../../core/Spec.ts"

/** One differing field; an absent value is undefined. */
export interface Difference {
  /** Such as `training.optimizer.learningRate`; empty for the values themselves. */
  readonly path: string
  readonly left: Json | undefined
  readonly right: Json | undefined
}

type Members = { readonly [name: string]: Json }

const isMembers = (value: Json | undefined): value is Members => Predicate.isObject(value) && !Array.isArray(value)

/**
 * The innermost fields that differ, in the order of the left value and then of the right one; an array is one field.
 */
export const differences = (left: Json | undefined, right: Json | undefined, path = ""): ReadonlyArray<Difference> => {
  if (isMembers(left) && isMembers(right)) {
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
    return names.flatMap((name) => differences(left[name], right[name], path === "" ? name : `${path}.${name}`))
  }
  if (left === undefined || right === undefined) return left === right ? [] : [{ path, left, right }]
  return canonicalJson(left) === canonicalJson(right) ? [] : [{ path, left, right }]
}

const text = (value: Json | undefined): string =>
  value === undefined ? "nothing" : typeof value === "string" ? value : canonicalJson(value)

/** `training.epochs is 15 in the manifest, 20 now`. */
export const formatDifference = (
  { left, path, right }: Difference,
  where: { readonly left: string; readonly right: string }
): string => `${path} is ${text(left)} ${where.left}, ${text(right)} ${where.right}`
