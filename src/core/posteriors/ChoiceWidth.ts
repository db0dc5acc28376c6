/**
 * Whether the latent dimensions of a model hold whole variables of a discrete code.
 */

/** What is wrong with a whole number from 1, if anything. */
export const countProblem = (name: string, count: number): string | undefined =>
  Number.isSafeInteger(count) && count >= 1 ? undefined : `${name} is ${count}; it must be a whole number from 1`

/** What is wrong with so many dimensions per variable, if anything. */
export const widthProblem = (name: string, width: number, latent: number): string | undefined =>
  latent % width === 0 ? undefined : `latent is ${latent}; it must be a multiple of ${name}, ${width}`
