/**
 * The number of decimals shared by the numbers of a column, so that they align and can be told apart.
 */

/** Bounds on the significant digits of a column's largest number. */
const least = 4
const most = 6

/** Digits of a number before its point: 3 for 163.3, 0 for 0.3, -1 for 0.03. */
const digitsBefore = (value: number): number => Math.floor(Math.log10(value)) + 1

/**
 * Decimals for a column of numbers: none if all are integers; otherwise at least two, enough to give the largest number
 * four significant digits, and up to six while different numbers would look the same.
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

/** Whether a number is too long with `decimals` decimals, or has fewer than `digits` significant digits. */
export const isUnfit = (value: number, decimals: number, digits = 2): boolean => {
  const size = Math.abs(value)
  return size >= 1e6 || (size > 0 && size < 10 ** (digits - 1 - decimals))
}
