/**
 * The mean over examples, all with equal weight.
 */

/** Arithmetic mean, summed in double precision in the order of the values; NaN for no values. */
export const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]!
  return sum / values.length
}
