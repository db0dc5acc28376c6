/**
 * Which of two ways to do the same again and again: the one that takes less time, as it has turned out of late.
 *
 * For a run by several threads or by one: several are faster by far on a machine of one's own, and slower than one where
 * others take the processors, because all wait for whoever has none at the moment.
 *
 * Laws: the way not taken is tried now and then, but not if its best time ever is no better than the other's mean; trials
 * that do not pay cost no more than a tenth of all time; a single long run decides nothing.
 */

export interface Choice {
  /** The way to take now. */
  readonly next: () => 0 | 1
  /** How long it took, in any unit. */
  readonly record: (time: number) => void
}

/** Runs in a trial: a few may be a chance. */
export const trialRuns = 12
/** The first runs of a trial find nothing in the caches, or threads asleep: they are not counted. */
export const uncounted = 2
const [shortestPause, longestPause] = [16, 300]
/** Runs between trials, for what a trial has cost more, in runs. */
const runsPerCost = 10
/** Two runs in a trial that take so many times longer than usual end it. */
const hopeless = 3
/** How much each run counts in the mean, and up to how many times the mean. */
const [weight, longest] = [1 / 8, 3]

const sumOf = (times: ReadonlyArray<number>): number => times.reduce((sum, time) => sum + time, 0)

/** The mean without the longest of several: whatever else a machine does makes a single run long. */
const typical = (times: ReadonlyArray<number>): number =>
  times.length === 1 ? times[0]! : (sumOf(times) - Math.max(...times)) / (times.length - 1)

/** Begins with a trial of the way 0, then of the way 1. A trial that has taken `enough` time has shown enough. */
export const make = (enough = Number.POSITIVE_INFINITY): Choice => {
  const means: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const best: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  let taken: 0 | 1 = 0
  let pause = shortestPause
  let sinceTrial = 0
  /** Times of the trial that is going on. */
  let trial: Array<number> | undefined = []
  let tried: 0 | 1 = 0

  const other = (): 0 | 1 => (taken === 0 ? 1 : 0)
  const begin = (way: 0 | 1): void => {
    tried = way
    trial = []
  }
  const end = (times: ReadonlyArray<number>): void => {
    const counted = times.slice(uncounted)
    const mean = typical(counted)
    const cost = times.reduce((sum, time) => sum + time / means[taken] - 1, 0)
    const isBetter = mean < means[taken]
    pause = isBetter ? shortestPause : Math.max(shortestPause, Math.min(longestPause, runsPerCost * cost))
    best[tried] = Math.min(best[tried], ...counted)
    means[tried] = mean
    trial = undefined
    sinceTrial = 0
    if (isBetter) taken = tried
    if (means[other()] === Number.POSITIVE_INFINITY) begin(other())
  }

  return {
    next: () => {
      // The other way was better when it was last tried: no need to wait.
      const due = means[other()] < means[taken] ? shortestPause : pause
      if (trial === undefined && sinceTrial >= due && best[other()] < means[taken]) begin(other())
      return trial === undefined ? taken : tried
    },
    record: (time) => {
      if (trial === undefined) {
        sinceTrial += 1
        best[taken] = Math.min(best[taken], time)
        means[taken] += weight * (Math.min(time, longest * means[taken]) - means[taken])
      } else {
        trial.push(time)
        const counted = trial.slice(uncounted)
        const isHopeless = counted.length > 1 && counted.every((time) => time > hopeless * means[taken])
        const isLong = counted.length > 0 && sumOf(trial) >= enough
        if (trial.length === trialRuns || isHopeless || isLong) end(trial)
      }
    }
  }
}
