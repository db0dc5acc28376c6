/**
 * A sweep: a list of points, each with values for some parameters. The others keep their defaults.
 *
 * All functions are pure; a sweep's order is the order of its runs.
 */
import { Schema } from "effect"
import { canonicalJson, type Json } from "./Spec.ts"

/** Axes of `zip` have unequal lengths. */
export class SweepError extends Schema.TaggedError<SweepError>()("SweepError", {
  lengths: Schema.Record(Schema.String, Schema.Int)
}) {
  override get message(): string {
    const lengths = Object.entries(this.lengths).map(([name, length]) => `${name} has ${length} values`)
    return `zip needs axes of one length, but ${lengths.join(", ")}`
  }
}

/** Values for some of the parameters `A`. */
export type Point<A> = Partial<A>

export type Sweep<A> = ReadonlyArray<Point<A>>

/** Values to try for some parameters. */
export type Axes<A> = { readonly [K in keyof A]?: ReadonlyArray<A[K]> }

/** The sweep with one point, all defaults. */
export const single: ReadonlyArray<{}> = [{}]

/** Every combination of the axes' values; the last axis changes fastest. */
export const grid = <A>(axes: Axes<A>): Sweep<A> =>
  (Object.entries(axes) as Array<[keyof A, ReadonlyArray<A[keyof A]>]>).reduce<Sweep<A>>(
    (points, [name, values]) => points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}]
  )

/**
 * The axes' values in parallel: the first of each, the second of each, and so on.
 *
 * Throws `SweepError` for axes of unequal length; such an experiment file does not load.
 */
export const zip = <A>(axes: Axes<A>): Sweep<A> => {
  const entries = Object.entries(axes) as Array<[keyof A & string, ReadonlyArray<A[keyof A]>]>
  const [first, ...others] = entries
  if (first === undefined) return []
  if (others.some(([, values]) => values.length !== first[1].length)) {
    // A declaration is evaluated when its module loads, outside of any Effect.
    throw new SweepError({ lengths: Object.fromEntries(entries.map(([name, values]) => [name, values.length])) })
  }
  return first[1].map(
    (_, index) => Object.fromEntries(entries.map(([name, values]) => [name, values[index]])) as Point<A>
  )
}

/** Every combination of two sweeps' points. If both set a parameter, the second one's value is used. */
export const product = <A>(first: Sweep<A>, second: Sweep<A>): Sweep<A> =>
  first.flatMap((left) => second.map((right) => ({ ...left, ...right })))

/** Removes duplicates. */
export const distinct = <Value>(values: ReadonlyArray<Value>): ReadonlyArray<Value> => {
  const seen = new Set<string>()
  return values.filter((value) => {
    const key = canonicalJson(value as Json)
    return seen.has(key) ? false : seen.add(key)
  })
}

/** Removes the values of these parameters from every point, then duplicate points. */
export const without = <A>(sweep: Sweep<A>, names: ReadonlyArray<keyof A>): Sweep<A> =>
  distinct(
    sweep.map(
      (point) =>
        Object.fromEntries(Object.entries(point).filter(([name]) => !names.includes(name as keyof A))) as Point<A>
    )
  )
