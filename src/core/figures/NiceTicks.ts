/**
 * Round numbers for axes and lines.
 */

/** What two neighbouring round numbers differ by: the least of 1, 2 or 5 times a power of ten that is not below `least`. */
const roundStep = (least: number): number => {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10)
}

/** Multiples of 1, 2 or 5 times a power of ten in an interval, at most `count + 1` of them; whole ones where asked. */
export const niceTicks = (
  [low, high]: readonly [low: number, high: number],
  count: number,
  options: { readonly whole: boolean } = { whole: false }
): ReadonlyArray<number> => {
  const least = Math.max((high - low) / count, options.whole ? 1 : 0)
  if (!(least > 0)) return Number.isFinite(low) ? [low] : []
  const step = roundStep(least)
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)]
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
}
