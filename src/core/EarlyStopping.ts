/**
 * Training that ends once a metric on the validation examples improves no more; the run's result are the parameters of
 * its best epoch.
 *
 * Laws: whether training is over and which epoch is the best follow from the history alone, so that a resumed run ends
 * as one that was never stopped; the test examples have no part in it.
 *
 * Source: Prechelt 1998, "Early stopping - but when?", https://doi.org/10.1007/3-540-49430-8_3, its criterion UP
 */
import type { EpochMetrics } from "./TrainedModel.ts"

/** The terms that every objective reports of every model; lower is better. */
export const metrics = ["validation/loss", "validation/reconstruction"] as const
export type Metric = (typeof metrics)[number]

export interface EarlyStopping {
  /** What must fall, in nats per image. The loss changes with its weights where these follow a schedule. */
  readonly metric: Metric
  /** Epochs without an improvement after which training ends, from 1. */
  readonly patience: number
  /** How much less the metric must be to count as an improvement, from 0. Default: 0. */
  readonly minimumChange?: number
}

/** What is wrong with the options, in one sentence. */
export const problemOf = ({ metric, minimumChange = 0, patience }: EarlyStopping): string | undefined => {
  if (!metrics.includes(metric)) return `metric is "${metric}"; it must be one of ${metrics.join(", ")}`
  if (!Number.isInteger(patience) || patience < 1) return `patience is ${patience}; it must be a whole number from 1`
  return minimumChange >= 0 && Number.isFinite(minimumChange)
    ? undefined
    : `minimumChange is ${minimumChange}; it must be a number from 0`
}

/** Whether a value is an improvement on the best so far. */
export const improves = ({ minimumChange = 0 }: Pick<EarlyStopping, "minimumChange">, value: number, best: number) =>
  value < best - (Number.isFinite(best) ? minimumChange : 0)

/** The last epoch that improved the metric; undefined where none has a finite value. */
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
