/**
 * Options that are counts.
 */

/** The error of a count that is not a positive integer; undefined if it is valid. */
export const countProblem = (name: string, count: number): string | undefined =>
  Number.isSafeInteger(count) && count >= 1 ? undefined : `${name} is ${count}; it must be a positive integer`
