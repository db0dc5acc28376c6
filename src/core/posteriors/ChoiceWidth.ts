/**
 * Whether the latent dimensions of a model hold whole variables of a discrete code.
 */

/** The error of a number that must be a positive integer; undefined if it is valid. */
export const countProblem = (name: string, count: number): string | undefined =>
  Number.isSafeInteger(count) && count >= 1 ? undefined : `${name} is ${count}; it must be a positive integer`

/** What is wrong with so many dimensions per variable, if anything. */
export const widthProblem = (name: string, width: number, latent: number): string | undefined =>
  latent % width === 0 ? undefined : `latent is ${latent}; it must be a multiple of ${name}, ${width}`
