/**
 * The PostgreSQL database that machines share.
 *
 * Laws: everything that is read goes through a Schema; after the first connection, an outage costs only time: statements
 * are repeated until the database answers, so they must be idempotent.
 */
import type { PgClient } from "@effect/sql-pg"
import { type Cause, Context, Duration, Effect, Layer, Option, Queue, Schedule, Schema, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql/SqlError"
import type { Address } from "./Address.ts"
import { ClusterError } from "./ClusterError.ts"
import { leaseSeconds } from "./Lease.ts"
import * as Tables from "./Tables.ts"

/** A statement without an answer for this long counts as lost: a network may drop packets silently. */
export const statementTimeout: Duration.Duration = Duration.seconds(20)

/** Time between two attempts during an outage. */
const pauses = Schedule.min([Schedule.exponential("100 millis", 2), Schedule.spaced("2 seconds")])

/** The channel for notifications between machines. */
const channel = "effect_vae"

/** What a notification is about: workers listen for changes of the queue, submitters for results. */
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
     * Repeats statements until the database answers, each time for at most `limit`. Errors: `ClusterError` if the database
     * refuses them for a permanent reason.
     */
    readonly retrying: <A>(
      statements: Effect.Effect<A, SqlError | Cause.TimeoutError>,
      limit?: Duration.Duration
    ) => Effect.Effect<A, ClusterError>
    /** The rows of one statement, decoded by the schema; `limit` as for `retrying`. */
    readonly rows: <T, E>(
      schema: Schema.Codec<T, E>,
      statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>,
      limit?: Duration.Duration
    ) => Effect.Effect<ReadonlyArray<T>, ClusterError>
    /** Runs an effect at each notification of this kind, until the scope closes. */
    readonly onChange: (change: Change, effect: Effect.Effect<void>) => Effect.Effect<void, never, Scope.Scope>
  }
>()("vae/pipelines/cluster/Database") {}

/** The code and the message of an error of PostgreSQL or of the system. */
const CodedError = Schema.Struct({ code: Schema.optional(Schema.String), message: Schema.String })

/** The error of PostgreSQL or of the system behind a failure. */
const causeOf = ({ reason }: SqlError): typeof CodedError.Type =>
  Schema.decodeUnknownOption(CodedError)(reason.cause).pipe(Option.getOrElse(() => ({ message: reason.message })))

/** Permanent reasons: wrong statements, missing rights, violated constraints. */
const permanent: ReadonlyArray<string> = [
  "AuthorizationError",
  "ConstraintError",
  "SqlSyntaxError",
  "UniqueViolation",
  "AuthenticationError"
]

/** Whether a failure may be that of an outage. */
const isTransient = (error: Cause.TimeoutError | SqlError): boolean =>
  error._tag === "TimeoutError" || !permanent.includes(error.reason._tag)

/** What failed, and what to do. */
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
  if (permanent.includes(error.reason._tag)) return `refuses a statement: ${said}`
  return `cannot be used: ${said}; check host, port and sslmode in the address, and that PostgreSQL listens there`
}

const failureOf = (name: string) => (error: SqlError) => new ClusterError({ database: name, reason: adviceOn(error) })

const Format = Schema.Struct({ version: Schema.Int, id: Schema.String.check(Schema.isPattern(/^[0-9a-f-]{36}$/)) })

/** Creates the tables where there are none, and refuses those of another version. Returns their id. */
const prepare = Effect.fnUntraced(function* (name: string, sql: PgClient.PgClient) {
  // A query on the catalogue: the names that a session caches may be older than the lock below.
  const exists = Effect.map(
    sql`
      select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'effect_vae' and c.relname = 'format'
    `,
    (found) => found.length > 0
  )
  const create = Effect.gen(function* () {
    // Of several processes, one creates the tables.
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
  // Loaded here, because most commands need no database.
  const client = yield* Effect.promise(() => import("@effect/sql-pg/PgClient"))
  const sql = yield* client
    .make({
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
      // One listens, at most two transfer content, and two are left for heartbeats and short statements.
      maxConnections: 5,
      idleTimeout: "1 minute",
      keepAlive: "10 seconds"
    })
    .pipe(Effect.mapError(failure))
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

  const retrying: Database["Service"]["retrying"] = (statements, limit = statementTimeout) =>
    Effect.timeout(statements, limit).pipe(
      Effect.tapError((error) => (isTransient(error) ? outage(error) : Effect.void)),
      Effect.retry({ while: isTransient, schedule: pauses }),
      Effect.tap(answered),
      Effect.mapError((error) =>
        error._tag === "SqlError" ? failure(error) : new ClusterError({ database: name, reason: error.message })
      )
    )

  return Database.of({
    name,
    id,
    sql,
    retrying,
    rows: (schema, statement, limit) =>
      Effect.flatMap(retrying(statement, limit), (rows) =>
        Effect.mapError(Schema.decodeUnknownEffect(Schema.Array(schema))(rows), ({ message }) => {
          const reason = `has rows that this version of effect-vae did not write: ${message.replaceAll(/\s+/g, " ")}`
          return new ClusterError({ database: name, reason })
        })
      ),
    onChange: Effect.fnUntraced(function* (change, effect) {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const notifications = yield* sql.listen(channel)
          // Changes before this process listened.
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

/** Notifies the machines that listen for such a change, when the transaction is committed. */
export const notify = (sql: PgClient.PgClient, change: Change): Effect.Effect<unknown, SqlError> =>
  sql`select pg_notify(${channel}, ${change})`

/** Connects, and creates the tables where there are none. Errors: `ClusterError`, which says what to do. */
export const layer = (address: Address): Layer.Layer<Database, ClusterError> =>
  Layer.effect(Database, make(address)).pipe(Layer.provide(Reactivity.layer))
