/**
 * A worker: a process that takes runs from the queue and trains them.
 *
 * This process does not compute, so it renews its leases however long a training step takes. Runs are trained in child
 * processes, one per slot.
 *
 * Laws: when this process exits by itself, each of its runs is ended or returned to the queue with its newest checkpoint;
 * what is trained under a lease that was lost stays on this machine and changes nothing elsewhere.
 */
import { randomBytes } from "node:crypto"
import { hostname } from "node:os"
import { Cause, Context, Deferred, Duration, Effect, Fiber, Latch, Layer, Option, Semaphore } from "effect"
import { type ProgressBar, Progress } from "../console/Progress.ts"
import * as CodeDigest from "../plan/CodeDigest.ts"
import * as Plan from "../plan/Plan.ts"
import * as RunDescription from "../plan/RunDescription.ts"
import { type Outcome, RunExecutor, type RunRequest } from "../sweep/RunExecutor.ts"
import type { TrainingProgress } from "../sweep/WorkerMessage.ts"
import * as WorkerPool from "../sweep/WorkerPool.ts"
import { LeaseLost } from "./ClusterError.ts"
import { Database } from "./Database.ts"
import { type Lease, leaseSeconds, type Worker } from "./Lease.ts"
import * as RunFiles from "./RunFiles.ts"
import { type Claimed, RunQueue } from "./RunQueue.ts"
import * as RunTransfer from "./RunTransfer.ts"

/** Longest time to return runs to the queue when the process is told to exit. */
const shutdownTime = Duration.seconds(30)

/** Pause after a run failed on this machine, so that a broken machine does not take run after run. */
const pauseAfterFailure = Effect.sleep("2 seconds")

export interface WorkOptions {
  /** Number of runs trained at once. */
  readonly slots: number
  /** Command line arguments of the child processes. */
  readonly args: ReadonlyArray<string>
  readonly checkpointEvery: RunRequest["checkpointEvery"]
}

/** A run that this worker holds a lease on. */
interface HeldRun extends Lease {
  /** For messages. */
  readonly name: string
  progress: TrainingProgress | undefined
  summary: string | undefined
  /** Completed when the run must be stopped, with the reason. */
  readonly stop: Deferred.Deferred<"lost" | "cancelled">
}

/** Trains one run at a time in child processes of its own. */
interface Slot {
  readonly execute: RunExecutor["Service"]["execute"]
  current: HeldRun | undefined
}

/** A progress bar that also records the progress of the slot's run, which heartbeats report. */
const recording = (bar: ProgressBar, slot: { readonly current: HeldRun | undefined }): ProgressBar => ({
  ...bar,
  update: (progress) =>
    Effect.suspend(() => {
      if (slot.current !== undefined) slot.current.progress = progress
      return bar.update({ ...progress, label: slot.current?.name ?? "" })
    }),
  epoch: (progress, summary) =>
    Effect.suspend(() => {
      if (slot.current !== undefined) Object.assign(slot.current, { progress, summary })
      return bar.epoch({ ...progress, label: slot.current?.name ?? "" }, summary)
    })
})

/** Takes runs and trains them until it is interrupted. */
export const work = Effect.fn("ClusterWorker.work")(function* ({ args, checkpointEvery, slots }: WorkOptions) {
  const queue = yield* RunQueue
  const { name: database, onChange } = yield* Database
  const transfer = yield* RunTransfer.make
  const console = yield* Progress
  // A lease outlasts three heartbeats that are lost.
  const interval = Duration.seconds((yield* Effect.orDie(leaseSeconds)) / 4)
  const worker: Worker = {
    id: `${hostname()}/${process.pid}-${randomBytes(2).toString("hex")}`,
    host: hostname(),
    slots
  }
  const ownCode = yield* CodeDigest.own
  /** The code with which each experiment's file was first loaded. */
  const loaded = new Map<string, string>()
  const heldRuns = new Map<string, HeldRun>()
  const available = yield* Latch.make(true)

  const heartbeat = Effect.gen(function* () {
    const reported = [...heldRuns.values()]
    const answer = yield* queue.heartbeat(worker, reported)
    for (const { run, stop, token } of reported) {
      const lease = answer.held.find((held) => run === held.run && token === held.token)
      if (lease === undefined) yield* Deferred.succeed(stop, "lost")
      else if (lease.cancelling) yield* Deferred.succeed(stop, "cancelled")
    }
    if (answer.work) yield* available.open
  })

  /** Ends a run, or returns it to the queue. */
  const finish = Effect.fnUntraced(function* (planned: Plan.PlannedRun, lease: Lease, outcome: Outcome) {
    switch (outcome._tag) {
      case "Done":
        yield* transfer.settle(planned, lease, { state: "done", reason: outcome.error })
        return yield* console.line(`run ${planned.id} of ${planned.experiment} is done`)
      case "Locked":
        yield* console.line(`run ${planned.id} is returned to the queue: ${outcome.owner} trains it`)
        return yield* queue.release(lease, 3)
      case "Failed": {
        yield* Effect.logError(`run ${planned.id}: ${outcome.reason}`)
        if (outcome.mayPass !== true) {
          return yield* transfer.settle(planned, lease, { state: "failed", reason: outcome.reason })
        }
        yield* queue.returnFailed(worker, lease, `${outcome.reason} (on ${worker.host})`)
        return yield* pauseAfterFailure
      }
    }
  })

  /** Trains a run until it ends, or until it must be stopped. */
  const train = Effect.fnUntraced(function* (slot: Slot, claimed: Claimed, planned: Plan.PlannedRun, held: HeldRun) {
    yield* transfer.fetch(planned, claimed.files)
    yield* console.line(`${held.name} is taken`)
    const execution = yield* Effect.forkChild(
      slot.execute({
        planned,
        description: claimed.description,
        position: { run: 1, runs: 1, epochsAfter: 0 },
        force: false,
        checkpointEvery,
        retries: 0
      })
    )
    const publishing = yield* transfer.publishing(planned, held, RunFiles.newestStep(claimed.files)).pipe(
      Effect.catchTag("LeaseLost", () => Deferred.succeed(held.stop, "lost")),
      Effect.forkChild
    )
    const end = yield* Effect.raceFirst(
      Effect.map(Fiber.join(execution), (outcome) => ({ _tag: "Ended" as const, outcome })),
      Effect.map(Deferred.await(held.stop), (reason) => ({ _tag: "Stopped" as const, reason }))
    ).pipe(
      Effect.onInterrupt(() =>
        Fiber.interrupt(execution).pipe(
          Effect.andThen(Fiber.interrupt(publishing)),
          Effect.andThen(transfer.publishNewest(planned, held)),
          Effect.timeout(shutdownTime),
          Effect.catchCause((cause) => Effect.logWarning(`run ${planned.id} is not published: ${Cause.pretty(cause)}`))
        )
      )
    )
    yield* Fiber.interrupt(publishing)
    if (end._tag === "Ended") return yield* Effect.uninterruptible(finish(planned, held, end.outcome))
    // The interrupted run saves a checkpoint.
    yield* Fiber.interrupt(execution)
    if (end.reason === "lost") return yield* new LeaseLost({ run: planned.id })
    yield* transfer.settle(planned, held, { state: "cancelled", reason: "cancelled" })
    yield* console.line(`run ${planned.id} is cancelled`)
  })

  /** Plans a run. Modules that are loaded do not change, so other code needs another process. */
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

  /** Leases a run. One slot at a time: the queue leases a run again that this worker does not report as held. */
  const claim = Effect.gen(function* () {
    // Closed before the claim, so that a run that becomes available after it opens the latch.
    yield* available.close
    const claimed = yield* queue.claim(worker, [...heldRuns.keys()])
    if (Option.isNone(claimed)) return Option.none()
    const { description, run, token } = claimed.value
    const values = Plan.label(description.parameters, Object.keys(description.parameters))
    const held: HeldRun = {
      name: `${description.experiment} ${run} · ${values} seed=${description.seed}`,
      run,
      token,
      progress: undefined,
      summary: undefined,
      stop: yield* Deferred.make<"lost" | "cancelled">()
    }
    heldRuns.set(run, held)
    return Option.some({ claimed: claimed.value, held })
  }).pipe(Semaphore.makeUnsafe(1).withPermit)

  /** Plans and trains a leased run; returns it to the queue if that is not possible on this machine. */
  const handle = Effect.fnUntraced(function* (slot: Slot, claimed: Claimed, held: HeldRun) {
    const { description, run } = claimed
    slot.current = held
    yield* plan(claimed).pipe(
      Effect.flatMap((planned) => train(slot, claimed, planned, held)),
      Effect.catchTags({
        RunRefused: (refusal) => {
          const reason = `${worker.host} refuses run ${run} of ${description.experiment}: ${refusal.reason}`
          return Effect.andThen(Effect.logWarning(reason), queue.refuse(worker, held, { ...refusal, reason }))
        },
        LeaseLost: ({ message }) => Effect.logWarning(message),
        RunLocked: ({ message }) => Effect.andThen(Effect.logWarning(message), queue.release(held, 3)),
        StoreError: ({ message }) =>
          Effect.logError(`run ${run}: ${message}`).pipe(
            Effect.andThen(queue.returnFailed(worker, held, message)),
            Effect.andThen(pauseAfterFailure)
          )
      }),
      Effect.onInterrupt(() => Effect.ignore(Effect.timeout(queue.release(held, 0), shutdownTime))),
      Effect.ensuring(
        Effect.sync(() => {
          // Another slot may have leased the run since.
          if (heldRuns.get(run) === held) heldRuns.delete(run)
        })
      )
    )
  })

  const fillSlot = Effect.gen(function* () {
    const state: { current: HeldRun | undefined } = { current: undefined }
    const bar = Effect.map(console.bar, (bar) => recording(bar, state))
    const own = Layer.succeed(Progress, { ...console, bar })
    const pool = yield* Layer.build(WorkerPool.layer({ jobs: slots, args }).pipe(Layer.provide(own)))
    const slot: Slot = Object.assign(state, { execute: Context.get(pool, RunExecutor).execute })
    while (true) {
      const next = yield* claim
      yield* Option.isSome(next) ? handle(slot, next.value.claimed, next.value.held) : available.await
    }
  })

  yield* console.line(`${worker.id} takes runs from ${database}, ${slots} at once`)
  yield* heartbeat
  yield* onChange("queue", Effect.ignore(heartbeat))
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(queue.leave(worker), shutdownTime)))
  const heartbeats = Effect.forever(Effect.andThen(Effect.sleep(interval), heartbeat))
  yield* Effect.all([heartbeats, ...Array.from({ length: slots }, () => fillSlot)], {
    concurrency: "unbounded",
    discard: true
  })
}, Effect.scoped)
