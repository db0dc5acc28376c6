/**
 * Round numbers for axes and lines.
 */

/** The step between ticks: the smallest of 1, 2 or 5 times a power of ten that is at least `least`. */
const roundStep = (least: number): number => {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10)
}

/** At most `count + 1` multiples of 1, 2 or 5 times a power of ten in an interval; optionally integers only. */
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
