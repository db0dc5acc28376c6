/**
 * What a parameter is called on the command line.
 */

/** `learningRate` is `--learning-rate`. */
export const flagName = (parameter: string): string =>
  parameter.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
