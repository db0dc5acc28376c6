/**
 * Executes runs, as many at once as there are jobs, and shares them with other processes.
 *
 * Laws: a run owned by another process is deferred; when nothing else is left, it is waited for until it is done, or
 * taken over if its process has ended or released it.
 */
import { Effect, Option, Random } from "effect"
import { type Outcome, RunExecutor, type RunGroup, type RunRequest } from "./RunExecutor.ts"
import { RunStore } from "../store/RunStore.ts"

/**
 * Time between two checks of runs owned by other processes; randomised, so that processes do not check at the same
 * time.
 */
const pause = Effect.flatMap(Random.nextBetween(800, 1200), (milliseconds) => Effect.sleep(milliseconds))

/** A run owned by another process, by its index. */
interface LockedRun {
  readonly index: number
  readonly owner: string
}

export interface ShareHandlers<E, R> {
  /** Asked before each group of runs is started. */
  readonly shouldContinue: () => boolean
  readonly onEnd: (index: number, outcome: Exclude<Outcome, { readonly _tag: "Locked" }>) => Effect.Effect<void, E, R>
  readonly onInterrupt: (index: number) => Effect.Effect<void>
  /** Before a run is waited for; once per owner. */
  readonly onWait: (index: number, owner: string) => Effect.Effect<void>
}

/** Executes all of these runs. */
export const share = Effect.fn("ShareRuns.share")(function* <E, R>(
  requests: ReadonlyArray<RunRequest>,
  { shouldContinue, onEnd, onInterrupt, onWait }: ShareHandlers<E, R>
) {
  const executor = yield* RunExecutor
  const { jobs } = executor
  const store = yield* RunStore
  const alone = (request: RunRequest): RunGroup => ({
    requests: [request],
    executions: Effect.succeed([executor.execute(request)])
  })

  const one = Effect.fnUntraced(function* (index: number, execution: Effect.Effect<Outcome>) {
    const outcome = yield* Effect.onInterrupt(execution, () => onInterrupt(index))
    if (outcome._tag === "Locked") return Option.some({ index, owner: outcome.owner })
    yield* onEnd(index, outcome)
    return Option.none<LockedRun>()
  })

  const together = Effect.fnUntraced(function* ({ executions, requests: members }: RunGroup) {
    if (!shouldContinue()) return []
    const started = (yield* executions).map((execution, place) => one(requests.indexOf(members[place]!), execution))
    return yield* Effect.all(started, { concurrency: "unbounded" })
  }, Effect.scoped)

  /** Executes these runs; returns those owned by other processes. */
  const round = Effect.fnUntraced(function* (indices: ReadonlyArray<number>) {
    const asked = indices.map((index) => requests[index]!)
    const groups = executor.groups === undefined ? asked.map(alone) : yield* executor.groups(asked)
    const taken = yield* Effect.forEach(groups, together, { concurrency: jobs })
    return taken.flat().flatMap(Option.toArray)
  })

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
