/**
 * Compares two records of metrics: bit for bit, or by relative difference.
 */

type Metrics = Readonly<Record<string, number>>

export interface Deviation {
  readonly metric: string
  readonly recorded: number | undefined
  readonly now: number | undefined
  /** `|now - recorded| / max(1, |recorded|)`; infinite if one is missing or only one is a number. */
  readonly relative: number
}

/** Tolerance between two engines for a single evaluation: relative above 1, absolute below. */
export const evaluationTolerance = 1e-4

/** Tolerance between two engines after training, which amplifies differences from step to step. */
export const trainingTolerance = 1e-2

const deviation = (metric: string, recorded: number | undefined, now: number | undefined): Deviation => {
  const difference = Math.abs((now ?? Number.NaN) - (recorded ?? Number.NaN)) / Math.max(1, Math.abs(recorded ?? 0))
  return { metric, recorded, now, relative: Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference }
}

/** The metrics that differ, largest difference first. */
export const deviations = (recorded: Metrics, now: Metrics): ReadonlyArray<Deviation> =>
  [...new Set([...Object.keys(recorded), ...Object.keys(now)])]
    .filter((metric) => !Object.is(recorded[metric], now[metric]))
    .map((metric) => deviation(metric, recorded[metric], now[metric]))
    .sort((left, right) => right.relative - left.relative)

/** `test/kl is 2.26 recorded, 2.31 now (off by 2.2e-2)`. */
export const format = ({ metric, now, recorded, relative }: Deviation): string =>
  `${metric} is ${recorded ?? "not"} recorded, ${now ?? "absent"} now` +
  (Number.isFinite(relative) ? ` (off by ${relative.toExponential(1)})` : "")
