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
import { Cause, Context, Deferred, Duration, Effect, Fiber, Latch, Layer, Option, Path } from "effect"
import { type ProgressBar, Progress } from "../console/Progress.ts"
import * as CodeDigest from "../plan/CodeDigest.ts"
import * as Plan from "../plan/Plan.ts"
import * as RunDescription from "../plan/RunDescription.ts"
import { RunStore } from "../store/RunStore.ts"
import { type Outcome, RunExecutor, type RunRequest } from "../sweep/RunExecutor.ts"
import * as WorkerPool from "../sweep/WorkerPool.ts"
import type { TrainingProgress } from "../sweep/WorkerMessage.ts"
import { LeaseLost } from "./ClusterError.ts"
import { Database } from "./Database.ts"
import * as RunFiles from "./RunFiles.ts"
import { type Claimed, type End, type Lease, leaseSeconds, RunQueue, type Worker } from "./RunQueue.ts"

/** Time between two looks for a new checkpoint. */
const lookout = Duration.seconds(2)

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
  const store = yield* RunStore
  const progress = yield* Progress
  const { join } = yield* Path.Path
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

  const directoryOf = Effect.fnUntraced(function* (planned: Plan.PlannedRun) {
    const found = yield* store.find(planned.id, planned.experiment)
    return Option.match(found, {
      onNone: () => join(store.directory, planned.experiment, planned.id),
      onSome: ({ run }) => run.directory
    })
  })

  /** Stores the files of a run and has them registered. */
  const storing = <E>(
    planned: Plan.PlannedRun,
    register: (files: ReadonlyArray<RunFiles.RunFile>) => Effect.Effect<boolean, E>
  ) =>
    Effect.gen(function* () {
      const directory = yield* directoryOf(planned)
      while (!(yield* register(yield* RunFiles.store(directory)))) {
        yield* Effect.logInfo(`run ${planned.id}: files were removed from the database meanwhile and are stored again`)
      }
    })

  /** Publishes every new checkpoint of a run that is being made. */
  const publishing = (planned: Plan.PlannedRun, possession: Possession, from: number) =>
    Effect.gen(function* () {
      const directory = join(store.directory, planned.experiment, planned.id)
      let published = from
      while (true) {
        yield* Effect.sleep(lookout)
        const step = RunFiles.newestStep(yield* RunFiles.list(directory))
        if (step <= published) continue
        yield* storing(planned, (files) => queue.publish(possession, files))
        published = step
      }
    }).pipe(
      Effect.catchTag("LeaseLost", () => Deferred.succeed(possession.stop, "lost")),
      // The next checkpoint, or the end of the run, tells more.
      Effect.catchTag("StoreError", ({ message }) => Effect.logWarning(`a checkpoint is not published. ${message}`))
    )

  /** Brings what workers before this one published, where it is further than what is here. */
  const bring = Effect.fnUntraced(function* (planned: Plan.PlannedRun, files: ReadonlyArray<RunFiles.RunFile>) {
    const found = yield* store.find(planned.id, planned.experiment)
    if (Option.isSome(found) && found.value.manifest.status === "done") return
    const here = RunFiles.newestStep(yield* RunFiles.list(join(store.directory, planned.experiment, planned.id)))
    if (RunFiles.newestStep(files) <= here) return
    yield* Effect.flatMap(store.open(planned.experiment, planned.id), (run) => RunFiles.fetch(run, files))
  }, Effect.scoped)

  const settle = (planned: Plan.PlannedRun, lease: Lease, end: End) =>
    storing(planned, (files) => queue.settle(lease, end, files))

  /** Ends a run or gives it back. */
  const conclude = Effect.fnUntraced(function* (planned: Plan.PlannedRun, lease: Lease, outcome: Outcome) {
    switch (outcome._tag) {
      case "Done":
        yield* settle(planned, lease, { state: "done", reason: outcome.error })
        return yield* progress.line(`run ${planned.id} of ${planned.experiment} is done`)
      case "Locked":
        yield* progress.line(`run ${planned.id} is given back: ${outcome.owner} makes it`)
        return yield* queue.release(lease, 3)
      case "Failed": {
        yield* Effect.logError(`run ${planned.id}: ${outcome.reason}`)
        if (outcome.mayPass !== true) return yield* settle(planned, lease, { state: "failed", reason: outcome.reason })
        yield* queue.giveUp(worker, lease, `${outcome.reason} (on ${worker.host})`)
        return yield* Effect.sleep("2 seconds")
      }
    }
  })

  /** Publishes the newest checkpoint of a run that was interrupted. */
  const publishNewest = Effect.fnUntraced(function* (planned: Plan.PlannedRun, lease: Lease) {
    const files = yield* RunFiles.list(yield* directoryOf(planned))
    if (RunFiles.newestStep(files) >= 0) yield* storing(planned, (files) => queue.publish(lease, files))
  })

  const perform = Effect.fnUntraced(function* (
    slot: Slot,
    claimed: Claimed,
    planned: Plan.PlannedRun,
    possession: Possession
  ) {
    yield* bring(planned, claimed.files)
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
    const published = yield* Effect.forkChild(publishing(planned, possession, RunFiles.newestStep(claimed.files)))
    const outcome = yield* Effect.raceFirst(
      Effect.map(Fiber.join(attempt), (outcome) => ({ _tag: "Ended" as const, outcome })),
      Effect.map(Deferred.await(possession.stop), (why) => ({ _tag: "Stopped" as const, why }))
    ).pipe(
      Effect.onInterrupt(() =>
        Fiber.interrupt(attempt).pipe(
          Effect.andThen(Fiber.interrupt(published)),
          Effect.andThen(publishNewest(planned, possession)),
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
    yield* settle(planned, possession, { state: "cancelled", reason: "cancelled" })
    yield* progress.line(`run ${planned.id} is cancelled`)
  })

  /** Plans a run. What was loaded once stays as it was, so that other code needs another process. */
  const plan = Effect.fnUntraced(function* ({ description, run }: Claimed) {
    const { code, file } = description
    if ((yield* CodeDigest.own) !== ownCode || (loaded.get(file) ?? code) !== code) {
      const reason = "its code has changed since this worker loaded it; restart the worker"
      return yield* new RunDescription.RunRefused({ code: true, reason })
    }
    const planned = yield* RunDescription.plan(run, description)
    loaded.set(file, code)
    return planned
  })

  /** Makes a run that was leased, or gives it back. */
  const make = Effect.fnUntraced(function* (slot: Slot, claimed: Claimed) {
    const { description, run, token } = claimed
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
      Effect.ensuring(Effect.sync(() => possessions.delete(run)))
    )
  })

  const takeRuns = Effect.gen(function* () {
    const standing: { current: Possession | undefined } = { current: undefined }
    const bar = Effect.map(progress.bar, (bar) => overheard(bar, standing))
    const own = Layer.succeed(Progress, { ...progress, bar })
    const attempts = yield* Layer.build(WorkerPool.layer({ jobs: slots, args }).pipe(Layer.provide(own)))
    const slot: Slot = Object.assign(standing, { execute: Context.get(attempts, RunExecutor).execute })
    while (true) {
      // Before the claim, so that what becomes available after it is not missed.
      yield* available.close
      const claimed = yield* queue.claim(worker, [...possessions.keys()])
      yield* Option.isSome(claimed) ? make(slot, claimed.value) : available.await
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
