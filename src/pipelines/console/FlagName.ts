/**
 * The command-line flag of a parameter.
 */

/** `learningRate` is `--learning-rate`. */
export const flagName = (parameter: string): string =>
  parameter.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
