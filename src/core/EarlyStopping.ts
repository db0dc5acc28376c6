/**
 * Early stopping: training ends when a metric of the validation examples stops improving. The result is the parameters
 * of the best epoch.
 *
 * Laws: the stopping and the best epoch depend on the history alone, so a resumed run ends like an uninterrupted one.
 * The test examples are not used.
 *
 * Source: Prechelt 1998, "Early stopping - but when?", criterion UP, https://doi.org/10.1007/3-540-49430-8_3
 */
import type { EpochMetrics } from "./TrainedModel.ts"
import { choiceProblem, countProblem } from "./OptionProblem.ts"

/** The terms that every objective reports of every model; lower is better. */
export const metrics = ["validation/loss", "validation/reconstruction"] as const
export type Metric = (typeof metrics)[number]

export interface EarlyStopping {
  /** The metric to minimise, in nats per image. With scheduled weights, the loss changes with them. */
  readonly metric: Metric
  /** Epochs without an improvement after which training ends, at least 1. */
  readonly patience: number
  /** Minimum decrease that counts as an improvement, at least 0; default: 0. */
  readonly minimumChange?: number
}

/** The first error of the options, as a sentence; undefined if they are valid. */
export const problemOf = ({ metric, minimumChange = 0, patience }: EarlyStopping): string | undefined => {
  const problem = choiceProblem("metric", metric, metrics) ?? countProblem("patience", patience)
  if (problem !== undefined) return problem
  return minimumChange >= 0 && Number.isFinite(minimumChange)
    ? undefined
    : `minimumChange is ${minimumChange}; it must be a non-negative number`
}

/** Whether a value is an improvement on the best so far. */
export const improves = ({ minimumChange = 0 }: Pick<EarlyStopping, "minimumChange">, value: number, best: number) =>
  value < best - (Number.isFinite(best) ? minimumChange : 0)

/** The last epoch that improved the metric; undefined if no value is finite. */
export const bestOf = (stopping: EarlyStopping, history: ReadonlyArray<EpochMetrics>): EpochMetrics | undefined => {
  let best: EpochMetrics | undefined
  for (const line of history) {
    const value = line.metrics[stopping.metric] ?? Number.NaN
    if (improves(stopping, value, best?.metrics[stopping.metric] ?? Number.POSITIVE_INFINITY)) best = line
  }
  return best
}

/** Whether training is over after these epochs. */
export const isOver = (stopping: EarlyStopping | undefined, history: ReadonlyArray<EpochMetrics>): boolean =>
  stopping !== undefined && history.length - (bestOf(stopping, history)?.epoch ?? 0) >= stopping.patience

/** The epoch whose parameters are the run's result: the best with early stopping, else the last. */
export const resultOf = (
  stopping: EarlyStopping | undefined,
  history: ReadonlyArray<EpochMetrics>
): EpochMetrics | undefined => (stopping && bestOf(stopping, history)) ?? history.at(-1)
