/**
 * Identifies a process on a machine, and tells whether it is still alive.
 *
 * A process id alone is not enough: ids are reused, a restarted machine starts over, and another machine or container
 * that shares the folder has its own ids. An identity therefore also has the process's start time, the machine's boot
 * id and the PID namespace. Whatever cannot be determined is unknown.
 */
import { hostname, uptime } from "node:os"
import { Clock, Effect, FileSystem, Option, Schema } from "effect"
import { digestOf } from "../../core/Spec.ts"

export const ProcessIdentity = Schema.Struct({
  pid: Schema.Int.check(Schema.isGreaterThan(0)),
  /** The machine's name. */
  host: Schema.String,
  /** Digest of `/etc/machine-id`; distinguishes machines of the same name. */
  machine: Schema.optionalKey(Schema.String),
  /** Boot id of the machine. */
  boot: Schema.optionalKey(Schema.String),
  /** PID namespace: containers on one machine have their own process ids. */
  pidSpace: Schema.optionalKey(Schema.String),
  /** Start time of the process, in clock ticks since boot. */
  began: Schema.optionalKey(Schema.String)
})
export type ProcessIdentity = typeof ProcessIdentity.Type

/** `why` completes "process 4711 on HOST ...". */
export type Liveness =
  | { readonly _tag: "Alive" }
  | { readonly _tag: "Dead"; readonly why: string }
  | { readonly _tag: "Unknown" }

const alive: Liveness = { _tag: "Alive" }
const unknown: Liveness = { _tag: "Unknown" }
const dead = (why: string): Liveness => ({ _tag: "Dead", why })

/** `process 4711 on HOST`. */
export const describe = ({ host, pid }: ProcessIdentity): string => `process ${pid} on ${host}`

const lineOf = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(path)).pipe(
    Effect.map((text) => text.trim()),
    Effect.filterOrFail((text) => text !== ""),
    Effect.option
  )

/** State and start time of a process on Linux; none on other systems, or if the process is gone or hidden. */
const stateOf = (pid: number) =>
  Effect.map(lineOf(`/proc/${pid}/stat`), (line) =>
    Option.flatMap(line, (text) => {
      // The second of the 52 fields is the command's name in parentheses, which may contain any characters.
      const [state, ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ")
      const began = rest[18]
      return state === undefined || began === undefined ? Option.none() : Option.some({ state, began })
    })
  )

/** Whether a process of this id exists, whoever owns it. */
const exists = (pid: number) =>
  Effect.try({
    try: () => process.kill(pid, 0),
    catch: (error) => (error as NodeJS.ErrnoException).code
  }).pipe(Effect.catch((code) => Effect.succeed(code !== "ESRCH")))

const optional = <K extends string>(name: K, value: Option.Option<string>): { readonly [_ in K]?: string } =>
  Option.match(value, { onNone: () => ({}), onSome: (some) => ({ [name]: some }) as { readonly [_ in K]: string } })

/** This process. */
export const current: Effect.Effect<ProcessIdentity, never, FileSystem.FileSystem> = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const state = yield* stateOf(process.pid)
  return {
    pid: process.pid,
    host: hostname(),
    ...optional(
      "machine",
      Option.map(yield* lineOf("/etc/machine-id"), (machine) => digestOf({ machine }).slice(0, 16))
    ),
    ...optional("boot", yield* lineOf("/proc/sys/kernel/random/boot_id")),
    ...optional("pidSpace", yield* Effect.option(fs.readLink("/proc/self/ns/pid"))),
    ...optional(
      "began",
      Option.map(state, ({ began }) => began)
    )
  }
})

/**
 * Whether another process is alive, as seen by `self`. `sign` is the time of its last heartbeat, in milliseconds since
 * 1970, by the clock of the file system.
 */
export const livenessOf = Effect.fnUntraced(function* (
  other: ProcessIdentity,
  self: ProcessIdentity,
  sign: number
): Effect.fn.Return<Liveness, never, FileSystem.FileSystem> {
  if (other.host !== self.host || other.machine !== self.machine) return unknown
  if (other.boot !== self.boot) {
    if (other.boot === undefined || self.boot === undefined || self.machine === undefined) return unknown
    // Copies of one virtual machine share its ids: a heartbeat after this machine's boot came from another one.
    const start = (yield* Clock.currentTimeMillis) - uptime() * 1000
    return sign < start ? dead("was ended by a restart of its machine") : unknown
  }
  if (other.pidSpace !== self.pidSpace) return unknown
  if (!(yield* exists(other.pid))) return dead("has ended")
  const state = yield* stateOf(other.pid)
  if (Option.isNone(state) || other.began === undefined) return unknown
  if (state.value.began !== other.began) return dead("has ended, and its process number was reused")
  // Zombies: ended, but not yet waited for by the parent.
  return /[ZXx]/.test(state.value.state) ? dead("has ended") : alive
})
