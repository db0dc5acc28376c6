/**
 * Whether the latent dimensions of a model hold whole variables of a discrete code.
 */

/** What is wrong with so many dimensions per variable, if anything. */
export const widthProblem = (name: string, width: number, latent: number): string | undefined =>
  latent % width === 0 ? undefined : `latent is ${latent}; it must be a multiple of ${name}, ${width}`
