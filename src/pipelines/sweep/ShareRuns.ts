/**
 * Brings runs to their ends, as many at once as there are jobs, and shares them with other processes.
 *
 * Laws: a run that another process makes is left for later; when nothing else is left to do, it is waited for, and is then
 * done, or taken over where its process has ended or given it up.
 */
import { Effect, Option, Random } from "effect"
import { Attempts, type Ending, type Request } from "./Attempt.ts"
import { RunStore } from "../store/RunStore.ts"

/** Time between two looks at runs that other processes make; spread, so that several processes do not look at once. */
const pause = Effect.flatMap(Random.nextBetween(800, 1200), (milliseconds) => Effect.sleep(milliseconds))

/** A run by its place among the runs, and who makes it. */
interface Taken {
  readonly index: number
  readonly owner: string
}

export interface Sharing<E, R> {
  /** Asked before each run is begun. */
  readonly goOn: () => boolean
  readonly onEnd: (index: number, ending: Exclude<Ending, { readonly _tag: "Taken" }>) => Effect.Effect<void, E, R>
  readonly onInterrupt: (index: number) => Effect.Effect<void>
  /** Before a run is waited for; once for each process that makes it. */
  readonly onWait: (index: number, owner: string) => Effect.Effect<void>
}

/** Brings all of these runs to their ends. */
export const share = Effect.fn("ShareRuns.share")(function* <E, R>(
  requests: ReadonlyArray<Request>,
  { goOn, onEnd, onInterrupt, onWait }: Sharing<E, R>
) {
  const { attempt, jobs } = yield* Attempts
  const store = yield* RunStore

  const one = Effect.fnUntraced(function* (index: number) {
    if (!goOn()) return Option.none<Taken>()
    const ending = yield* Effect.onInterrupt(attempt(requests[index]!), () => onInterrupt(index))
    if (ending._tag === "Taken") return Option.some({ index, owner: ending.owner })
    yield* onEnd(index, ending)
    return Option.none<Taken>()
  })

  /** Those of the runs that other processes make. */
  const round = (indices: ReadonlyArray<number>) =>
    Effect.map(Effect.forEach(indices, one, { concurrency: jobs }), (taken) => taken.flatMap(Option.toArray))

  const said = new Set<string>()
  const say = ({ index, owner }: Taken) =>
    Effect.suspend(() => {
      const key = `${index} ${owner}`
      if (said.has(key)) return Effect.void
      said.add(key)
      return onWait(index, owner)
    })

  let left = yield* round(requests.map((_, index) => index))
  while (left.length > 0 && goOn()) {
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
