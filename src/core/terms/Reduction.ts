/**
 * Reductions of a term along an axis.
 */
import { choiceProblem } from "../OptionProblem.ts"

export const reductions = ["sum", "mean"] as const

export type Reduction = (typeof reductions)[number]

/** The error of a reduction; undefined if it is valid. */
export const reductionProblem = (reduction: string): string | undefined =>
  choiceProblem("reduction", reduction, reductions)
