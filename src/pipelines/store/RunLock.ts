/**
 * Who makes a run: at most one process at a time, in whichever experiment.
 *
 * Whoever wants a run writes a claim of its own, `ID.TOKEN.json`, whole and under a name that is never used again, and then
 * looks at all claims to the run: if no other living process has one, the run is its own; otherwise it takes its claim
 * back. Of two processes at least the one that looks later sees the other's claim, so never do both have the run. A dead
 * process's claim is removed by name, which can hit no other, so any number of processes may take a run over at once.
 *
 * Laws: a run has at most one living owner; a claim is whole or absent; an owner whose process has ended is passed over at
 * once, and one of which that cannot be known (another machine) when it has given no sign of life for `patience`, measured
 * by the watcher's own steady clock; an owner that was passed over can tell.
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
import * as JsonFile from "../files/JsonFile.ts"
import * as ProcessIdentity from "./ProcessIdentity.ts"
import { fromPlatform, StoreError } from "../files/StoreError.ts"

/** Time between two signs of life. */
const heartbeat = Duration.seconds(20)

/** Far above a heartbeat: a long computation delays it, and a file server may tell of it late. */
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

/** Another living process has the run. */
export class RunLocked extends Schema.TaggedError<RunLocked>()("RunLocked", {
  run: Schema.String,
  /** Such as `process 4711 on HOST`. */
  owner: Schema.String
}) {
  override get message(): string {
    return `run ${this.run} is being made by ${this.owner}`
  }
}

// Of processes that claim a run in the same moment each may see another's claim and take its own back; so each tries again
// after a while of its own.
const backoff = Schedule.exponential("20 millis", 1.4).pipe(
  Schedule.modifyDelay(({ duration }) => Effect.map(Random.next, (random) => Duration.times(duration, 2 * random)))
)

/** Another process claims the run in the same moment. */
class Collision extends Data.TaggedError("Collision")<{ readonly rival: string }> {}

/** A run that this process has. */
export interface HeldLock {
  /** Fails where another process has taken the run over meanwhile. */
  readonly check: Effect.Effect<void, StoreError>
}

export interface RunLock {
  /** Has the run for the scope. Never waits for its owner. */
  readonly acquire: (id: string) => Effect.Effect<HeldLock, RunLocked | StoreError, Scope.Scope>
  /** Who has the run, such as `process 4711 on HOST`; none where nobody alive has. */
  readonly owner: (id: string) => Effect.Effect<Option.Option<string>, StoreError>
}

/** Another process's claim, with what has become of that process. */
interface Other {
  readonly path: string
  readonly owner: string
  readonly liveness: ProcessIdentity.Liveness
}

const isDead = (other: Other): boolean => other.liveness._tag === "Dead"

/** Locks whose claims lie in `folder`, which need not exist yet. */
export const make = Effect.fnUntraced(function* (
  folder: string
): Effect.fn.Return<RunLock, never, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { join } = path
  // These two alone: scopes and loggers are the caller's.
  const context = Context.make(FileSystem.FileSystem, fs).pipe(Context.add(Path.Path, path))
  const self = yield* ProcessIdentity.current
  /** Each claim's last sign of life that was seen, and when it was new, by this process's steady clock. */
  const signs = new Map<string, { readonly sign: number; readonly seen: bigint }>()

  /** Dead if it has given no sign of life for long enough. */
  const bySilence = Effect.fnUntraced(function* (
    path: string,
    sign: number
  ): Effect.fn.Return<ProcessIdentity.Liveness> {
    const now = yield* Clock.monotonicTimeNanos
    const last = signs.get(path)
    if (last?.sign !== sign) signs.set(path, { sign, seen: now })
    const silence = last?.sign === sign ? Duration.nanos(now - last.seen) : Duration.zero
    return Duration.isGreaterThan(silence, staleAfter)
      ? { _tag: "Dead", why: `has given no sign of life for ${Duration.format(staleAfter)}` }
      : { _tag: "Unknown" }
  })

  /** A claim and its owner's liveness; none where it was taken back meanwhile. */
  const look = Effect.fnUntraced(
    function* (
      path: string
    ): Effect.fn.Return<Option.Option<Other>, StoreError | PlatformError, FileSystem.FileSystem> {
      const { mtime } = yield* fs.stat(path)
      const sign = Option.match(mtime, { onNone: () => 0, onSome: (date) => date.getTime() })
      // One of another version, say, cannot be read: its owner cannot be known, but still gives signs of life.
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
    const names = yield* fs
      .readDirectory(folder)
      .pipe(
        Effect.catchTag("PlatformError", (error) =>
          error.reason._tag === "NotFound" ? Effect.succeed([]) : Effect.fail(fromPlatform(folder, "read")(error))
        )
      )
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

  /** Removes what dead processes left of the run. */
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
      // A claim that is gone is found out when the owner next writes.
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
