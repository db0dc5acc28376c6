/**
 * Numbers as people read them.
 */
import { isUnfit } from "../../store/Decimals.ts"

/** Five digits that matter, a true minus sign; powers of ten where there would be many zeros. */
export const text = (value: number): string => {
  if (!Number.isFinite(value)) return String(value).replace("-", "\u2212")
  const size = Math.abs(value)
  const plain = size === 0 || (size >= 1e-3 && size < 1e6)
  const written = plain ? String(Number(value.toPrecision(5))) : value.toExponential(2)
  return written.replace(/-/g, "\u2212")
}

/**
 * With so many decimals, so that a column's numbers stand below each other; with three digits that matter where that leaves
 * fewer than `digits`.
 */
export const fixed = (value: number, decimals: number, digits = 2): string => {
  if (!Number.isFinite(value)) return text(value)
  return isUnfit(value, decimals, digits)
    ? text(Number(value.toPrecision(3)))
    : value.toFixed(decimals).replace("-", "\u2212")
}

/** A mean and how far values are from it. */
export interface Spread {
  readonly mean: number
  /** Standard deviation of the values (with n - 1); undefined for a single one. */
  readonly deviation: number | undefined
  readonly count: number
}

/** Mean and standard deviation of some values; undefined where there are none. */
export const spread = (values: ReadonlyArray<number>): Spread | undefined => {
  const count = values.length
  if (count === 0) return undefined
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  if (count === 1) return { mean, deviation: undefined, count }
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count }
}

/** `105.71 ± 0.03`. */
export const spreadText = ({ deviation, mean }: Spread, decimals: number): string =>
  deviation === undefined ? fixed(mean, decimals) : `${fixed(mean, decimals)} ± ${fixed(deviation, decimals, 1)}`
