/**
 * Which process on which machine, and whether it still lives.
 *
 * A process number alone does not tell: numbers are used again, a restarted machine begins anew, and another machine or
 * another container that shares the folder has numbers of its own. So an identity also has the moment when the process
 * began, the machine's start, and the space in which the number counts. Whatever cannot be told for certain is unknown.
 */
import { hostname, uptime } from "node:os"
import { Clock, Effect, FileSystem, Option, Schema } from "effect"
import { digestOf } from "../../core/Spec.ts"

export const ProcessIdentity = Schema.Struct({
  pid: Schema.Int.check(Schema.isGreaterThan(0)),
  /** The machine's name. */
  host: Schema.String,
  /** Tells the machine from others of its name, whichever way it was started; a digest of `/etc/machine-id`. */
  machine: Schema.optionalKey(Schema.String),
  /** Tells one start of the machine from the others. */
  boot: Schema.optionalKey(Schema.String),
  /** In what the process number counts: containers on one machine have numbers of their own. */
  pidSpace: Schema.optionalKey(Schema.String),
  /** When the process began, in the system's ticks since the machine's start. */
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

/** State and beginning of a process as Linux tells them; none elsewhere, or where it is gone or hidden. */
const stateOf = (pid: number) =>
  Effect.map(lineOf(`/proc/${pid}/stat`), (line) =>
    Option.flatMap(line, (text) => {
      // The second of the 52 fields is the command's name in parentheses, which may hold anything.
      const [state, ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ")
      const began = rest[18]
      return state === undefined || began === undefined ? Option.none() : Option.some({ state, began })
    })
  )

/** Whether a process of this number is there, whosever it is. */
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
 * What has become of a process, as seen by `self`. `sign` is when it last gave a sign of life, in milliseconds since 1970
 * by the clock of whoever keeps the file.
 */
export const livenessOf = Effect.fnUntraced(function* (
  other: ProcessIdentity,
  self: ProcessIdentity,
  sign: number
): Effect.fn.Return<Liveness, never, FileSystem.FileSystem> {
  if (other.host !== self.host || other.machine !== self.machine) return unknown
  if (other.boot !== self.boot) {
    if (other.boot === undefined || self.boot === undefined || self.machine === undefined) return unknown
    // Copies of one virtual machine have all of its names. A sign since this machine's start came from another one.
    const start = (yield* Clock.currentTimeMillis) - uptime() * 1000
    return sign < start ? dead("was ended by a restart of its machine") : unknown
  }
  if (other.pidSpace !== self.pidSpace) return unknown
  if (!(yield* exists(other.pid))) return dead("has ended")
  const state = yield* stateOf(other.pid)
  if (Option.isNone(state) || other.began === undefined) return unknown
  if (state.value.began !== other.began) return dead("has ended, and its number is another's now")
  // What has ended but was not yet waited for by its parent.
  return /[ZXx]/.test(state.value.state) ? dead("has ended") : alive
})
