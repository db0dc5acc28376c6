/**
 * Checks of options that the families share. A check returns undefined for a valid value, or one sentence with the
 * value and what is allowed.
 */

/** A positive integer, such as a number of units. */
export const countProblem = (name: string, count: number): string | undefined =>
  Number.isSafeInteger(count) && count >= 1 ? undefined : `${name} is ${count}; it must be a positive integer`

/** The first number of a record that is not a positive integer. */
export const countsProblem = (counts: Readonly<Record<string, number>>): string | undefined =>
  Object.entries(counts)
    .map(([name, count]) => countProblem(name, count))
    .find((problem) => problem !== undefined)

/** One of several words. */
export const choiceProblem = (name: string, value: string, allowed: ReadonlyArray<string>): string | undefined =>
  allowed.includes(value) ? undefined : `${name} is "${value}"; it must be one of ${allowed.join(", ")}`

/** A decay per step, in [0, 1). */
export const decayProblem = (name: string, decay: number): string | undefined =>
  decay >= 0 && decay < 1 ? undefined : `${name} is ${decay}; it must be at least 0 and below 1`

/** A finite number above 0. */
export const positiveProblem = (name: string, value: number): string | undefined =>
  value > 0 && Number.isFinite(value) ? undefined : `${name} is ${value}; it must be above 0`
