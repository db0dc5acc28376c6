/**
 * A machine that makes runs of sweeps that others submit.
 *
 * This process computes nothing, so that it renews its leases however long a step takes; the runs are made in processes that
 * it starts, one per slot.
 *
 * Laws: a run is given back or ended, with its newest checkpoint, whenever this process ends on its own; what is made under a
 * lease that was lost stays on this machine and changes nothing elsewhere.
 */
import { randomBytes } from "node:crypto"
import { hostname } from "node:os"
import { Cause, Context, Deferred, Duration, Effect, Fiber, Latch, Layer, Option, Semaphore } from "effect"
import { type ProgressBar, Progress } from "../console/Progress.ts"
import * as CodeDigest from "../plan/CodeDigest.ts"
import * as Plan from "../plan/Plan.ts"
import * as RunDescription from "../plan/RunDescription.ts"
import { type Outcome, RunExecutor, type RunRequest } from "../sweep/RunExecutor.ts"
import * as WorkerPool from "../sweep/WorkerPool.ts"
import type { TrainingProgress } from "../sweep/WorkerMessage.ts"
import { LeaseLost } from "./ClusterError.ts"
import { Database } from "./Database.ts"
import * as RunFiles from "./RunFiles.ts"
import { type Lease, leaseSeconds, type Worker } from "./Lease.ts"
import { type Claimed, RunQueue } from "./RunQueue.ts"
import * as RunTransfer from "./RunTransfer.ts"

/** Longest time that a worker that is told to end takes to give its runs back. */
const farewell = Duration.seconds(30)

export interface WorkOptions {
  /** Runs at once. */
  readonly slots: number
  /** The command line's arguments with which processes that make runs are started. */
  readonly args: ReadonlyArray<string>
  readonly checkpointEvery: RunRequest["checkpointEvery"]
}

/** A run that this worker has. */
interface Possession extends Lease {
  /** For people. */
  readonly name: string
  standing: TrainingProgress | undefined
  summary: string | undefined
  /** Why it is to be let go of. */
  readonly stop: Deferred.Deferred<"lost" | "cancelled">
}

/** A place for one run at a time, with processes of its own. */
interface Slot {
  readonly execute: RunExecutor["Service"]["execute"]
  current: Possession | undefined
}

/** A bar that keeps what is to be told of the slot's run. */
const overheard = (bar: ProgressBar, slot: { readonly current: Possession | undefined }): ProgressBar => ({
  ...bar,
  update: (standing) =>
    Effect.suspend(() => {
      if (slot.current !== undefined) slot.current.standing = standing
      return bar.update({ ...standing, label: slot.current?.name ?? "" })
    }),
  epoch: (standing, summary) =>
    Effect.suspend(() => {
      if (slot.current !== undefined) Object.assign(slot.current, { standing, summary })
      return bar.epoch({ ...standing, label: slot.current?.name ?? "" }, summary)
    })
})

/** Takes runs and makes them until it is interrupted. */
export const work = Effect.fn("ClusterWorker.work")(function* ({ args, checkpointEvery, slots }: WorkOptions) {
  const queue = yield* RunQueue
  const { name: database, onChange } = yield* Database
  const transfer = yield* RunTransfer.make
  const progress = yield* Progress
  // A lease outlasts three signs of life that are lost.
  const heartbeat = Duration.seconds((yield* Effect.orDie(leaseSeconds)) / 4)
  const worker: Worker = {
    id: `${hostname()}/${process.pid}-${randomBytes(2).toString("hex")}`,
    host: hostname(),
    slots
  }
  const ownCode = yield* CodeDigest.own
  /** The code with which an experiment's file was first loaded. */
  const loaded = new Map<string, string>()
  const possessions = new Map<string, Possession>()
  const available = yield* Latch.make(true)

  const beat = Effect.gen(function* () {
    const told = [...possessions.values()]
    const answer = yield* queue.beat(worker, told)
    for (const possession of told) {
      const held = answer.held.find(({ run, token }) => run === possession.run && token === possession.token)
      if (held === undefined) yield* Deferred.succeed(possession.stop, "lost")
      else if (held.cancelling) yield* Deferred.succeed(possession.stop, "cancelled")
    }
    if (answer.work) yield* available.open
  })

  /** Ends a run or gives it back. */
  const conclude = Effect.fnUntraced(function* (planned: Plan.PlannedRun, lease: Lease, outcome: Outcome) {
    switch (outcome._tag) {
      case "Done":
        yield* transfer.settle(planned, lease, { state: "done", reason: outcome.error })
        return yield* progress.line(`run ${planned.id} of ${planned.experiment} is done`)
      case "Locked":
        yield* progress.line(`run ${planned.id} is given back: ${outcome.owner} makes it`)
        return yield* queue.release(lease, 3)
      case "Failed": {
        yield* Effect.logError(`run ${planned.id}: ${outcome.reason}`)
        if (outcome.mayPass !== true)
          return yield* transfer.settle(planned, lease, { state: "failed", reason: outcome.reason })
        yield* queue.giveUp(worker, lease, `${outcome.reason} (on ${worker.host})`)
        return yield* Effect.sleep("2 seconds")
      }
    }
  })

  const perform = Effect.fnUntraced(function* (
    slot: Slot,
    claimed: Claimed,
    planned: Plan.PlannedRun,
    possession: Possession
  ) {
    yield* transfer.fetch(planned, claimed.files)
    yield* progress.line(`${possession.name} is taken`)
    const attempt = yield* Effect.forkChild(
      slot.execute({
        planned,
        description: claimed.description,
        position: { run: 1, runs: 1, epochsAfter: 0 },
        force: false,
        checkpointEvery,
        retries: 0
      })
    )
    const published = yield* transfer.publishing(planned, possession, RunFiles.newestStep(claimed.files)).pipe(
      Effect.catchTag("LeaseLost", () => Deferred.succeed(possession.stop, "lost")),
      Effect.forkChild
    )
    const outcome = yield* Effect.raceFirst(
      Effect.map(Fiber.join(attempt), (outcome) => ({ _tag: "Ended" as const, outcome })),
      Effect.map(Deferred.await(possession.stop), (why) => ({ _tag: "Stopped" as const, why }))
    ).pipe(
      Effect.onInterrupt(() =>
        Fiber.interrupt(attempt).pipe(
          Effect.andThen(Fiber.interrupt(published)),
          Effect.andThen(transfer.publishNewest(planned, possession)),
          Effect.timeout(farewell),
          Effect.catchCause((cause) => Effect.logWarning(`run ${planned.id} is not published: ${Cause.pretty(cause)}`))
        )
      )
    )
    yield* Fiber.interrupt(published)
    if (outcome._tag === "Ended") {
      return yield* Effect.uninterruptible(conclude(planned, possession, outcome.outcome))
    }
    // It leaves a checkpoint.
    yield* Fiber.interrupt(attempt)
    if (outcome.why === "lost") return yield* new LeaseLost({ run: planned.id })
    yield* transfer.settle(planned, possession, { state: "cancelled", reason: "cancelled" })
    yield* progress.line(`run ${planned.id} is cancelled`)
  })

  /** Plans a run. What was loaded once stays as it was, so that other code needs another process. */
  const plan = Effect.fnUntraced(function* ({ description, run }: Claimed) {
    const { code, file } = description
    if ((yield* RunDescription.checkCode(description)) !== ownCode || (loaded.get(file) ?? code) !== code) {
      const reason = "its code has changed since this worker loaded it; restart the worker"
      return yield* new RunDescription.RunRefused({ code: true, reason })
    }
    const planned = yield* RunDescription.plan(run, description)
    loaded.set(file, code)
    return planned
  })

  /** Leases a run. One slot at a time, since the queue hands out again what a worker does not report to hold. */
  const claim = Effect.gen(function* () {
    // Before the claim, so that what becomes available after it is not missed.
    yield* available.close
    const claimed = yield* queue.claim(worker, [...possessions.keys()])
    if (Option.isNone(claimed)) return Option.none()
    const { description, run, token } = claimed.value
    const values = Plan.label(description.parameters, Object.keys(description.parameters))
    const possession: Possession = {
      name: `${description.experiment} ${run} · ${values} seed=${description.seed}`,
      run,
      token,
      standing: undefined,
      summary: undefined,
      stop: yield* Deferred.make<"lost" | "cancelled">()
    }
    possessions.set(run, possession)
    return Option.some({ claimed: claimed.value, possession })
  }).pipe(Semaphore.makeUnsafe(1).withPermit)

  /** Trains a run that was leased, or gives it back. */
  const make = Effect.fnUntraced(function* (slot: Slot, claimed: Claimed, possession: Possession) {
    const { description, run } = claimed
    slot.current = possession
    const failed = (error: { readonly message: string }) =>
      Effect.andThen(
        Effect.logError(`run ${run}: ${error.message}`),
        queue.giveUp(worker, possession, error.message)
      ).pipe(Effect.andThen(Effect.sleep("2 seconds")))
    yield* plan(claimed).pipe(
      Effect.flatMap((planned) => perform(slot, claimed, planned, possession)),
      Effect.catchTags({
        RunRefused: (refusal) => {
          const reason = `${worker.host} refuses run ${run} of ${description.experiment}: ${refusal.reason}`
          return Effect.andThen(Effect.logWarning(reason), queue.refuse(worker, possession, { ...refusal, reason }))
        },
        LeaseLost: ({ message }) => Effect.logWarning(message),
        RunLocked: (error) => Effect.andThen(Effect.logWarning(error.message), queue.release(possession, 3)),
        StoreError: failed
      }),
      Effect.onInterrupt(() => Effect.ignore(Effect.timeout(queue.release(possession, 0), farewell))),
      Effect.ensuring(
        Effect.sync(() => {
          // Another slot may have taken the run since.
          if (possessions.get(run) === possession) possessions.delete(run)
        })
      )
    )
  })

  const takeRuns = Effect.gen(function* () {
    const standing: { current: Possession | undefined } = { current: undefined }
    const bar = Effect.map(progress.bar, (bar) => overheard(bar, standing))
    const own = Layer.succeed(Progress, { ...progress, bar })
    const attempts = yield* Layer.build(WorkerPool.layer({ jobs: slots, args }).pipe(Layer.provide(own)))
    const slot: Slot = Object.assign(standing, { execute: Context.get(attempts, RunExecutor).execute })
    while (true) {
      const next = yield* claim
      yield* Option.isSome(next) ? make(slot, next.value.claimed, next.value.possession) : available.await
    }
  })

  yield* progress.line(`${worker.id} takes runs from ${database}, ${slots} at once`)
  yield* beat
  yield* onChange("queue", Effect.ignore(beat))
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(queue.leave(worker), farewell)))
  const beating = Effect.forever(Effect.andThen(Effect.sleep(heartbeat), beat))
  yield* Effect.all([beating, ...Array.from({ length: slots }, () => takeRuns)], {
    concurrency: "unbounded",
    discard: true
  })
}, Effect.scoped)
