/**
 * The mean over examples: the one in which every example weighs the same.
 */

/** Arithmetic mean, summed in double precision in the order of the values; NaN of none. */
export const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]!
  return sum / values.length
}
