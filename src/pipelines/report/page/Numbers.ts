/**
 * Formats numbers.
 */
import { isUnfit } from "../../store/Decimals.ts"

/** Five significant digits, a true minus sign; scientific notation for very small and large values. */
export const text = (value: number): string => {
  if (!Number.isFinite(value)) return String(value).replace("-", "\u2212")
  const size = Math.abs(value)
  const plain = size === 0 || (size >= 1e-3 && size < 1e6)
  const written = plain ? String(Number(value.toPrecision(5))) : value.toExponential(2)
  return written.replace(/-/g, "\u2212")
}

/**
 * With `decimals` decimals, so that a column aligns; with three significant digits if that leaves fewer than `digits`.
 */
export const fixed = (value: number, decimals: number, digits = 2): string => {
  if (!Number.isFinite(value)) return text(value)
  return isUnfit(value, decimals, digits)
    ? text(Number(value.toPrecision(3)))
    : value.toFixed(decimals).replace("-", "\u2212")
}

/** A mean and a standard deviation. */
export interface Spread {
  readonly mean: number
  /** Sample standard deviation (n - 1); undefined for a single value. */
  readonly deviation: number | undefined
  readonly count: number
}

/** Mean and standard deviation; undefined without values. */
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
