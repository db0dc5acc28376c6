/**
 * Chooses between two ways to run the same program repeatedly, all threads (0) or one thread (1): whichever was faster
 * recently.
 *
 * Several threads are much faster on an idle machine, and slower than one on a busy machine, because all wait for the one
 * that has no processor.
 *
 * Laws: the other way is tried from time to time, and seldom if its best time so far is no better than the mean of the
 * current one; trials that do not pay off cost at most a tenth of all time; a single long run decides nothing.
 */

export interface Tuner {
  /** The way to run now. */
  readonly next: () => 0 | 1
  /** Records how long it took, in any unit. */
  readonly record: (time: number) => void
}

/** Runs per trial: a few may be fast by chance. */
export const trialRuns = 12
/** The first runs of a trial start with cold caches or sleeping threads: they are not counted. */
export const uncounted = 2
const [shortestPause, longestPause] = [16, 300]
/** Runs between trials, per run that a trial has cost: of a way that has been better once, and of one that has not. */
const [runsPerCost, runsPerHopelessCost] = [10, 30]
/** Two runs of a trial that take this many times longer than usual end it. */
const hopeless = 1.5
/** The weight of a run in the moving mean, and the multiple of the mean that it is capped at. */
const [weight, longest] = [1 / 8, 3]

const sumOf = (times: ReadonlyArray<number>): number => times.reduce((sum, time) => sum + time, 0)

/** The mean without the longest of several: other load makes single runs long. */
const typical = (times: ReadonlyArray<number>): number =>
  times.length === 1 ? times[0]! : (sumOf(times) - Math.max(...times)) / (times.length - 1)

/** A tuner that begins with a trial of way 0, then of way 1. A trial ends early once it has taken `enough` time. */
export const make = (enough = Number.POSITIVE_INFINITY): Tuner => {
  const means: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const best: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  let taken: 0 | 1 = 0
  /** Of the last trial, in runs; 0 if it paid. */
  let cost = 0
  let sinceTrial = 0
  /** Times of the current trial. */
  let trial: Array<number> | undefined = []
  let tried: 0 | 1 = 0

  const other = (): 0 | 1 => (taken === 0 ? 1 : 0)
  /** Runs from one trial to the next. */
  const pause = (): number => {
    // The other way was better when it was last tried.
    if (means[other()] < means[taken]) return shortestPause
    // It has been better once; or never, which other load may have caused.
    return best[other()] < means[taken]
      ? Math.max(shortestPause, Math.min(longestPause, runsPerCost * cost))
      : Math.max(longestPause, runsPerHopelessCost * cost)
  }
  const begin = (way: 0 | 1): void => {
    tried = way
    trial = []
  }
  const end = (times: ReadonlyArray<number>): void => {
    const counted = times.slice(uncounted)
    const mean = typical(counted)
    const isBetter = mean < means[taken]
    cost = isBetter ? 0 : times.reduce((sum, time) => sum + time / means[taken] - 1, 0)
    best[tried] = Math.min(best[tried], ...counted)
    means[tried] = mean
    trial = undefined
    sinceTrial = 0
    if (isBetter) taken = tried
    if (means[other()] === Number.POSITIVE_INFINITY) begin(other())
  }

  return {
    next: () => {
      if (trial === undefined && sinceTrial >= pause()) begin(other())
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
