/**
 * Reductions of a term along an axis.
 */

export const reductions = ["sum", "mean"] as const

export type Reduction = (typeof reductions)[number]

/** The error of a reduction; undefined if it is valid. */
export const reductionProblem = (reduction: string): string | undefined =>
  reductions.some((name) => name === reduction)
    ? undefined
    : `reduction is "${reduction}"; it must be one of ${reductions.join(", ")}`
