/**
 * How many decimals the numbers of a column have in common, so that they stand below each other and can be told apart.
 */

/** The largest number of the column has at least so many digits that matter, and at most so many. */
const least = 4
const most = 6

/** Digits of a number before its point: 3 for 163.3, 0 for 0.3, -1 for 0.03. */
const digitsBefore = (value: number): number => Math.floor(Math.log10(value)) + 1

/**
 * Decimals for some numbers: none for whole ones; otherwise at least two, as many as give the largest of them four digits
 * that matter, and more, up to six digits, as long as different numbers look the same.
 */
export const decimalsFor = (values: ReadonlyArray<number>): number => {
  const finite = values.filter(Number.isFinite)
  if (finite.every(Number.isInteger)) return 0
  const before = digitsBefore(Math.max(...finite.map(Math.abs)))
  const distinct = new Set(finite).size
  const looks = (decimals: number): number => new Set(finite.map((value) => value.toFixed(decimals))).size
  let decimals = Math.max(2, least - before)
  while (decimals < most - before && looks(decimals) < distinct) decimals++
  return Math.min(decimals, 20)
}

/** Whether so many decimals are too long for a number, or leave it fewer than `digits` digits that matter. */
export const isUnfit = (value: number, decimals: number, digits = 2): boolean => {
  const size = Math.abs(value)
  return size >= 1e6 || (size > 0 && size < 10 ** (digits - 1 - decimals))
}
