/**
 * Locks on runs: at most one process trains a run at a time, across all experiments.
 *
 * A process that wants a run writes its own claim, `ID.TOKEN.json`, atomically and under a unique name, and then reads
 * all claims to the run. If no other living process has one, it owns the run; otherwise it withdraws its claim. Of two
 * processes at least the later reader sees the other's claim, so they never both own the run. A dead process's claim is
 * removed by its unique name, so any number of processes may take over a run concurrently.
 *
 * Laws: a run has at most one living owner; a claim is complete or absent; the claim of a process that has ended is
 * ignored at once; one whose process cannot be checked (another machine) is ignored after `staleAfter` without a
 * heartbeat, measured by the observer's monotonic clock; an owner that lost its run can detect it.
 */
import { randomBytes } from "node:crypto"
import {
  Clock,
  Context,
  Data,
  DateTime,
  Duration,
  Effect,
  FileSystem,
  Option,
  Path,
  Random,
  Schedule,
  Schema,
  type Scope
} from "effect"
import type { PlatformError } from "effect/PlatformError"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import * as JsonFile from "../files/JsonFile.ts"
import * as ProcessIdentity from "./ProcessIdentity.ts"
import { fromPlatform, StoreError } from "../files/StoreError.ts"

/** Time between two heartbeats. */
const heartbeat = Duration.seconds(20)

/** Much longer than a heartbeat: a long computation delays heartbeats, and a file server may report them late. */
const staleAfter = Duration.minutes(3)

/** Name of the folder of claims in a results folder. */
export const folderName = ".locks"

const format = "effect-vae claim 1"

const Claim = Schema.Struct({
  format: Schema.Literal(format),
  run: Schema.String,
  process: ProcessIdentity.ProcessIdentity,
  since: Schema.DateTimeUtcFromString
})

/** Another living process owns the run. */
export class RunLocked extends Schema.TaggedError<RunLocked>()("RunLocked", {
  run: Schema.String,
  /** Such as `process 4711 on HOST`. */
  owner: Schema.String
}) {
  override get message(): string {
    return `run ${this.run} is being trained by ${this.owner}`
  }
}

// Processes that claim a run at the same time may all see each other's claims and withdraw, so each retries after a
// random delay.
const backoff = Schedule.exponential("20 millis", 1.4).pipe(
  Schedule.modifyDelay(({ duration }) => Effect.map(Random.next, (random) => Duration.times(duration, 2 * random)))
)

/** Another process claims the run at the same time. */
class Collision extends Data.TaggedError("Collision")<{ readonly rival: string }> {}

/** The lock on a run that this process owns. */
export interface HeldLock {
  /** Fails if another process has taken over the run in the meantime. */
  readonly check: Effect.Effect<void, StoreError>
}

export interface RunLock {
  /** Locks the run for the scope. Never waits for another owner. */
  readonly acquire: (id: string) => Effect.Effect<HeldLock, RunLocked | StoreError, Scope.Scope>
  /** The owner of the run, such as `process 4711 on HOST`; none without a living owner. */
  readonly owner: (id: string) => Effect.Effect<Option.Option<string>, StoreError>
}

/** Another process's claim, and whether that process is alive. */
interface Other {
  readonly path: string
  readonly owner: string
  readonly liveness: ProcessIdentity.Liveness
}

const isDead = (other: Other): boolean => other.liveness._tag === "Dead"

/** Locks whose claims are stored in `folder`, which need not exist yet. */
export const make = Effect.fnUntraced(function* (
  folder: string
): Effect.fn.Return<RunLock, never, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { join } = path
  // These two alone: scopes and loggers are the caller's.
  const context = Context.make(FileSystem.FileSystem, fs).pipe(Context.add(Path.Path, path))
  const self = yield* ProcessIdentity.current
  /** The last heartbeat seen of each claim, and when it was first seen, by this process's monotonic clock. */
  const signs = new Map<string, { readonly sign: number; readonly seen: bigint }>()

  /** Dead if there was no heartbeat for `staleAfter`. */
  const bySilence = Effect.fnUntraced(function* (
    path: string,
    sign: number
  ): Effect.fn.Return<ProcessIdentity.Liveness> {
    const now = yield* Clock.monotonicTimeNanos
    const last = signs.get(path)
    if (last?.sign !== sign) signs.set(path, { sign, seen: now })
    const silence = last?.sign === sign ? Duration.nanos(now - last.seen) : Duration.zero
    return Duration.isGreaterThan(silence, staleAfter)
      ? { _tag: "Dead", why: `has sent no heartbeat for ${Duration.format(staleAfter)}` }
      : { _tag: "Unknown" }
  })

  /** A claim and whether its owner is alive; none if it was withdrawn in the meantime. */
  const look = Effect.fnUntraced(
    function* (
      path: string
    ): Effect.fn.Return<Option.Option<Other>, StoreError | PlatformError, FileSystem.FileSystem> {
      const { mtime } = yield* fs.stat(path)
      const sign = Option.match(mtime, { onNone: () => 0, onSome: (date) => date.getTime() })
      // A claim of another version may be unreadable: its owner is unknown, but still sends heartbeats.
      const read = yield* Effect.option(JsonFile.read(Claim, path))
      if (Option.isSome(read) && Option.isNone(read.value)) return Option.none()
      const claim = Option.flatten(read)
      const liveness = Option.isSome(claim)
        ? yield* ProcessIdentity.livenessOf(claim.value.process, self, sign)
        : ({ _tag: "Unknown" } as const)
      return Option.some({
        path,
        owner: Option.match(claim, {
          onNone: () => `a process whose claim ${path} cannot be read`,
          onSome: ({ process }) => ProcessIdentity.describe(process)
        }),
        liveness: liveness._tag === "Unknown" ? yield* bySilence(path, sign) : liveness
      })
    },
    Effect.catchTag("PlatformError", (error) =>
      error.reason._tag === "NotFound" ? Effect.succeedNone : Effect.fail(fromPlatform(folder, "read")(error))
    )
  )

  /** All claims to a run but one. */
  const others = Effect.fnUntraced(function* (id: string, mine?: string) {
    const names = yield* FolderFiles.names(folder)
    const claims = names.filter((name) => name.startsWith(`${id}.`) && name.endsWith(".json"))
    const found = yield* Effect.forEach(
      claims.map((name) => join(folder, name)).filter((path) => path !== mine),
      look
    )
    return found.flatMap(Option.toArray)
  })

  const living = (id: string, mine?: string) =>
    Effect.map(others(id, mine), (all) => Option.fromUndefinedOr(all.find((other) => !isDead(other))))

  const remove = (path: string) => Effect.mapError(fs.remove(path, { force: true }), fromPlatform(path, "write"))

  /** Removes the claims of dead processes to the run. */
  const clear = Effect.fnUntraced(function* (id: string, mine: string) {
    for (const { liveness, owner, path } of yield* others(id, mine)) {
      if (liveness._tag !== "Dead") continue
      yield* remove(path)
      yield* Effect.logInfo(`run ${id} is taken over: ${owner}, which had it, ${liveness.why}`)
    }
  })

  const attempt = Effect.fnUntraced(function* (id: string) {
    const owner = yield* living(id)
    if (Option.isSome(owner)) return yield* new RunLocked({ run: id, owner: owner.value.owner })
    const mine = yield* AtomicFile.entry(folder, `${id}.${randomBytes(8).toString("hex")}.json`)
    yield* JsonFile.write(Claim, mine, { format, run: id, process: self, since: yield* DateTime.now })
    return yield* Effect.gen(function* () {
      const rival = yield* living(id, mine)
      if (Option.isSome(rival)) return yield* new Collision({ rival: rival.value.owner })
      yield* clear(id, mine)
      return mine
    }).pipe(Effect.onError(() => Effect.ignore(remove(mine))))
  })

  const claim = (id: string) =>
    Effect.retry(attempt(id), {
      while: ({ _tag }) => _tag === "Collision",
      times: 10,
      schedule: backoff
    }).pipe(Effect.catchTag("Collision", ({ rival }) => Effect.fail(new RunLocked({ run: id, owner: rival }))))

  const beat = (path: string) =>
    Effect.flatMap(DateTime.nowAsDate, (now) => fs.utimes(path, now, now)).pipe(
      // A missing claim is detected when the owner next writes.
      Effect.ignore,
      Effect.repeat(Schedule.spaced(heartbeat))
    )

  return {
    acquire: Effect.fnUntraced(function* (id) {
      const path = yield* Effect.acquireRelease(claim(id), (path) =>
        Effect.catch(Effect.retry(remove(path), { times: 2 }), (error) =>
          Effect.logWarning(`The claim to a run was not removed. ${error.message}`)
        )
      )
      yield* Effect.forkScoped(beat(path))
      const gone = new StoreError({
        path,
        problem: "cannot write",
        reason: `this process no longer has run ${id}: its claim is gone; another process has taken the run over`
      })
      return {
        check: fs.exists(path).pipe(
          Effect.mapError(fromPlatform(path, "read")),
          Effect.flatMap((there) => (there ? Effect.void : Effect.fail(gone)))
        )
      }
    }, Effect.provideContext(context)),
    owner: (id) =>
      Effect.provideContext(
        Effect.map(
          living(id),
          Option.map(({ owner }) => owner)
        ),
        context
      )
  }
})
