/**
 * A database of PostgreSQL that machines share.
 *
 * Laws: everything that is read goes through a Schema; once the database has answered, an outage costs nothing but waiting:
 * a statement is repeated until it is answered, so statements must be repeatable.
 */
import { PgClient } from "@effect/sql-pg"
import { type Cause, Context, Duration, Effect, Layer, Option, Queue, Schedule, Schema, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql/SqlError"
import type { Address } from "./Address.ts"
import { ClusterError } from "./ClusterError.ts"
import { leaseSeconds } from "./Lease.ts"
import * as Tables from "./Tables.ts"

/** A statement that is not answered for so long counts as lost: a network may drop packets without a word. */
export const patience: Duration.Duration = Duration.seconds(20)

/** Time between two attempts during an outage. */
const pauses = Schedule.min([Schedule.exponential("100 millis", 2), Schedule.spaced("2 seconds")])

/** The channel on which machines wake each other. */
const channel = "effect_vae"

/** What machines wake each other for: workers for a change of the queue, submitters for a result. */
export type Change = "queue" | "result"

export class Database extends Context.Service<
  Database,
  {
    /** Host, port and database, for messages. */
    readonly name: string
    /** Identifies the tables, whatever address leads to them. */
    readonly id: string
    readonly sql: PgClient.PgClient
    /**
     * Repeats statements until the database answers, each time for as long as `limit`. Errors: `ClusterError` where it
     * refuses them for a reason that stays.
     */
    readonly patiently: <A>(
      statements: Effect.Effect<A, SqlError | Cause.TimeoutError>,
      limit?: Duration.Duration
    ) => Effect.Effect<A, ClusterError>
    /** The rows of one statement, which must be as the schema says; `limit` as for `patiently`. */
    readonly rows: <T, E>(
      schema: Schema.Codec<T, E>,
      statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>,
      limit?: Duration.Duration
    ) => Effect.Effect<ReadonlyArray<T>, ClusterError>
    /** Runs an effect whenever a machine has made a change of this kind, for the time of the scope. */
    readonly onChange: (change: Change, effect: Effect.Effect<void>) => Effect.Effect<void, never, Scope.Scope>
  }
>()("vae/pipelines/cluster/Database") {}

/** What an error of PostgreSQL or of the system says of itself. */
const Stated = Schema.Struct({ code: Schema.optional(Schema.String), message: Schema.String })

/** PostgreSQL's or the system's code of a failure, and what it says. */
const causeOf = ({ reason }: SqlError): typeof Stated.Type =>
  Schema.decodeUnknownOption(Stated)(reason.cause).pipe(Option.getOrElse(() => ({ message: reason.message })))

/** Reasons that stay: wrong statements, missing rights, broken rules between tables. */
const stays: ReadonlyArray<string> = [
  "AuthorizationError",
  "ConstraintError",
  "SqlSyntaxError",
  "UniqueViolation",
  "AuthenticationError"
]

/** Whether a failure is that of an outage. */
const passes = (error: Cause.TimeoutError | SqlError): boolean =>
  error._tag === "TimeoutError" || !stays.includes(error.reason._tag)

/** What to do about a failure. */
const adviceOn = (error: SqlError): string => {
  const { code, message } = causeOf(error)
  const said = code === undefined || message.includes(code) ? message : `${message} (${code})`
  if (error.reason._tag === "AuthenticationError") {
    return `refuses this login: ${said}; check the user in the address and the password in PGPASSWORD`
  }
  if (error.reason._tag === "AuthorizationError") {
    return `refuses this user: ${said}; see docs/cluster.md for the rights that a user needs`
  }
  if (code === "3D000") return `${said}; create it with createdb, or name another one`
  if (stays.includes(error.reason._tag)) return `refuses a statement: ${said}`
  return `cannot be used: ${said}; check host, port and sslmode in the address, and that PostgreSQL listens there`
}

const failureOf = (name: string) => (error: SqlError) => new ClusterError({ database: name, reason: adviceOn(error) })

const Format = Schema.Struct({ version: Schema.Int, id: Schema.String.check(Schema.isPattern(/^[0-9a-f-]{36}$/)) })

/** Creates the tables where there are none, and refuses those of another version. Returns their id. */
const prepare = Effect.fnUntraced(function* (name: string, sql: PgClient.PgClient) {
  // By a query on tables: what a session caches of names may be older than the lock below.
  const exists = Effect.map(
    sql`
      select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'effect_vae' and c.relname = 'format'
    `,
    (found) => found.length > 0
  )
  const create = Effect.gen(function* () {
    // Of several that come at once one creates the tables.
    yield* sql`select pg_advisory_xact_lock(hashtext('effect_vae'))`
    if (yield* exists) return
    for (const statement of Tables.statements) yield* sql.unsafe(statement)
  }).pipe(sql.withTransaction)
  if (!(yield* exists)) yield* create
  // Every column, since other versions may have others.
  const stored = yield* sql`select * from effect_vae.format`
  const found = Schema.decodeUnknownOption(Schema.Tuple([Format]))(stored)
  if (Option.isSome(found) && found.value[0].version === Tables.format) return found.value[0].id
  return yield* new ClusterError({
    database: name,
    reason: `its tables have format ${stored[0]?.["version"] ?? "unknown"}, and this version of effect-vae uses ${Tables.format}; use the version that made them, or another database`
  })
})

const make = Effect.fnUntraced(function* (address: Address) {
  const { name } = address
  const failure = failureOf(name)
  const sql = yield* PgClient.make({
    url: address.url,
    ...(Option.isSome(address.password) && { password: address.password.value }),
    ...(Option.isSome(address.authority) && { ssl: { ca: address.authority.value } }),
    applicationName: "effect-vae",
    startupParameters: {
      // A machine that is stopped or unreachable in the middle of a transaction keeps no row locked for longer.
      idle_in_transaction_session_timeout: `${Math.ceil(1000 * (yield* Effect.orDie(leaseSeconds)))}`,
      // The connections of a machine that is gone are closed after a minute and a half.
      tcp_keepalives_idle: "60",
      tcp_keepalives_interval: "10",
      tcp_keepalives_count: "3",
      tcp_user_timeout: "90000"
    },
    // One for leases, one for content, one for the rest; the one that listens comes on top.
    maxConnections: 4,
    idleTimeout: "1 minute",
    keepAlive: "10 seconds"
  }).pipe(Effect.mapError(failure))
  const id = yield* Effect.catchTag(prepare(name, sql), "SqlError", (error) => Effect.fail(failure(error)))

  let out = false
  const outage = (error: { readonly message: string }) =>
    Effect.suspend(() => {
      if (out) return Effect.void
      out = true
      return Effect.logWarning(`${name} does not answer (${error.message}); waiting`)
    })
  const answered = Effect.suspend(() => {
    if (!out) return Effect.void
    out = false
    return Effect.logInfo(`${name} answers again`)
  })

  const patiently: Database["Service"]["patiently"] = (statements, limit = patience) =>
    Effect.timeout(statements, limit).pipe(
      Effect.tapError((error) => (passes(error) ? outage(error) : Effect.void)),
      Effect.retry({ while: passes, schedule: pauses }),
      Effect.tap(answered),
      Effect.mapError((error) =>
        error._tag === "SqlError" ? failure(error) : new ClusterError({ database: name, reason: error.message })
      )
    )

  return Database.of({
    name,
    id,
    sql,
    patiently,
    rows: (schema, statement, limit) =>
      Effect.flatMap(patiently(statement, limit), (rows) =>
        Effect.mapError(Schema.decodeUnknownEffect(Schema.Array(schema))(rows), ({ message }) => {
          const reason = `holds what this version of effect-vae did not write: ${message.replaceAll(/\s+/g, " ")}`
          return new ClusterError({ database: name, reason })
        })
      ),
    onChange: Effect.fnUntraced(function* (change, effect) {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const notifications = yield* sql.listen(channel)
          // What was told before this one listened.
          yield* effect
          while (true) {
            const taken = yield* Queue.takeAll(notifications)
            if (taken.some(({ payload }) => payload === change)) yield* effect
          }
        })
      ).pipe(Effect.ignore, Effect.repeat(Schedule.spaced("2 seconds")), Effect.forkScoped)
    })
  })
})

/** Wakes the machines that wait for such a change when the transaction that contains it is committed. */
export const wake = (sql: PgClient.PgClient, change: Change): Effect.Effect<unknown, SqlError> =>
  sql`select pg_notify(${channel}, ${change})`

/** Connects, and creates the tables where there are none. Errors: `ClusterError`, which says what to do. */
export const layer = (address: Address): Layer.Layer<Database, ClusterError> =>
  Layer.effect(Database, make(address)).pipe(Layer.provide(Reactivity.layer))
