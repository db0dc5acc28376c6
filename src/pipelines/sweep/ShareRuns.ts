/**
 * Brings runs to their ends, as many at once as there are jobs, and shares them with other processes.
 *
 * Laws: a run that another process makes is left for later; when nothing else is left to do, it is waited for, and is then
 * done, or taken over where its process has ended or given it up.
 */
import { Effect, Option, Random } from "effect"
import { RunExecutor, type Outcome, type RunRequest } from "./RunExecutor.ts"
import { RunStore } from "../store/RunStore.ts"

/** Time between two looks at runs that other processes make; spread, so that several processes do not look at once. */
const pause = Effect.flatMap(Random.nextBetween(800, 1200), (milliseconds) => Effect.sleep(milliseconds))

/** A run by its place among the runs, and who makes it. */
interface LockedRun {
  readonly index: number
  readonly owner: string
}

export interface ShareHandlers<E, R> {
  /** Asked before each run is begun. */
  readonly shouldContinue: () => boolean
  readonly onEnd: (index: number, outcome: Exclude<Outcome, { readonly _tag: "Locked" }>) => Effect.Effect<void, E, R>
  readonly onInterrupt: (index: number) => Effect.Effect<void>
  /** Before a run is waited for; once for each process that makes it. */
  readonly onWait: (index: number, owner: string) => Effect.Effect<void>
}

/** Brings all of these runs to their ends. */
export const share = Effect.fn("ShareRuns.share")(function* <E, R>(
  requests: ReadonlyArray<RunRequest>,
  { shouldContinue, onEnd, onInterrupt, onWait }: ShareHandlers<E, R>
) {
  const { execute, jobs } = yield* RunExecutor
  const store = yield* RunStore

  const one = Effect.fnUntraced(function* (index: number) {
    if (!shouldContinue()) return Option.none<LockedRun>()
    const outcome = yield* Effect.onInterrupt(execute(requests[index]!), () => onInterrupt(index))
    if (outcome._tag === "Locked") return Option.some({ index, owner: outcome.owner })
    yield* onEnd(index, outcome)
    return Option.none<LockedRun>()
  })

  /** Those of the runs that other processes make. */
  const round = (indices: ReadonlyArray<number>) =>
    Effect.map(Effect.forEach(indices, one, { concurrency: jobs }), (taken) => taken.flatMap(Option.toArray))

  const said = new Set<string>()
  const say = ({ index, owner }: LockedRun) =>
    Effect.suspend(() => {
      const key = `${index} ${owner}`
      if (said.has(key)) return Effect.void
      said.add(key)
      return onWait(index, owner)
    })

  let left = yield* round(requests.map((_, index) => index))
  while (left.length > 0 && shouldContinue()) {
    const looked = yield* Effect.forEach(left, ({ index }) =>
      Effect.map(store.owner(requests[index]!.planned.id), (owner) => ({ index, owner }))
    )
    const still = looked.flatMap(({ index, owner }) => (Option.isSome(owner) ? [{ index, owner: owner.value }] : []))
    const free = looked.flatMap(({ index, owner }) => (Option.isNone(owner) ? [index] : []))
    left = [...still, ...(yield* round(free))]
    yield* Effect.forEach(left, say, { discard: true })
    if (left.length > 0) yield* pause
  }
})
