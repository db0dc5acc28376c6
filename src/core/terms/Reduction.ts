/**
 * How a term comes from the values along an axis to one value.
 */

export const reductions = ["sum", "mean"] as const

export type Reduction = (typeof reductions)[number]

/** What is wrong with a reduction, if anything. */
export const reductionProblem = (reduction: string): string | undefined =>
  reductions.some((name) => name === reduction)
    ? undefined
    : `reduction is "${reduction}"; it must be one of ${reductions.join(", ")}`
