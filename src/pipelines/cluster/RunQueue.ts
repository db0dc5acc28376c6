/**
 * The queue of runs as a worker sees it: leases, and what is written under them.
 *
 * A lease is a run's id with a fencing token that grows with every lease. The database's clock alone says when a lease ends.
 *
 * Laws: of all leases on a run only the newest can write: each write names its token in the statement or transaction that
 * changes the run's row; a run whose worker falls silent is leased again, three times at most without progress; leases do
 * not end while the database itself was away.
 */
import { Context, Duration, Effect, Layer, Option, Schema } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { RunDescription } from "../plan/RunDescription.ts"
import type { ClusterError, LeaseLost } from "./ClusterError.ts"
import { Database, wake } from "./Database.ts"
import { encodeHeld, type End, type Held, type Lease, leaseSeconds, mostTries, type Worker } from "./Lease.ts"
import * as LeasedWrite from "./LeasedWrite.ts"
import { RunFile } from "./RunFiles.ts"

/** A run that was leased. */
export interface Claimed extends Lease {
  readonly description: RunDescription
  /** What workers before this one published of it. */
  readonly files: ReadonlyArray<RunFile>
}

const Claim = Schema.Struct({ run: Schema.String, token: Schema.Int, description: RunDescription })

const Beat = Schema.Struct({
  held: Schema.Array(Schema.Struct({ run: Schema.String, token: Schema.Int, cancelling: Schema.Boolean })),
  work: Schema.Boolean
})
export type Beat = typeof Beat.Type

/** What a write under a lease returns. */
export type Written = Effect.Effect<Option.Option<ReadonlyArray<string>>, ClusterError | LeaseLost>

export class RunQueue extends Context.Service<
  RunQueue,
  {
    /** Gives a sign of life and renews leases; says which of them are still held, and whether there is a run to claim. */
    readonly beat: (worker: Worker, held: ReadonlyArray<Held>) => Effect.Effect<Beat, ClusterError>
    /** Leases the oldest run that this worker may have. `held` are the runs that it knows to have. */
    readonly claim: (worker: Worker, held: ReadonlyArray<string>) => Effect.Effect<Option.Option<Claimed>, ClusterError>
    /**
     * Replaces the files of a run in training. Returns the digests that the run no longer refers to; none if one of the new
     * artifacts was removed meanwhile, so that they must be stored again.
     */
    readonly publish: (lease: Lease, files: ReadonlyArray<RunFile>) => Written
    /** Ends a run, with its files: all of it or nothing. Returns what `publish` does. */
    readonly settle: (lease: Lease, end: End, files: ReadonlyArray<RunFile>) => Written
    /** Gives a run back, to be leased again by anyone in `seconds`; does nothing where the lease is lost. */
    readonly release: (lease: Lease, seconds: number) => Effect.Effect<void, ClusterError>
    /** Gives a run back that failed here for a reason that another machine may not share. Ends it after three tries. */
    readonly giveUp: (worker: Worker, lease: Lease, reason: string) => Effect.Effect<void, ClusterError>
    /** Gives a run back that this worker cannot do as it is meant; with `code` all that have the same code. */
    readonly refuse: (
      worker: Worker,
      lease: Lease,
      refusal: { readonly code: boolean; readonly reason: string }
    ) => Effect.Effect<void, ClusterError>
    /** Says that the worker ends. */
    readonly leave: (worker: Worker) => Effect.Effect<void, ClusterError>
  }
>()("vae/pipelines/cluster/RunQueue") {}

/** The queue in the database. */
export const layer: Layer.Layer<RunQueue, never, Database> = Layer.effect(
  RunQueue,
  Effect.gen(function* () {
    const database = yield* Database
    const { patiently, rows, sql } = database
    const leaseTime = yield* Effect.orDie(leaseSeconds)
    /** An answer that comes later is of no use: there must be time for another attempt within the lease. */
    const answerTime = Duration.seconds(leaseTime / 3)
    const seconds = (count: number) => sql`make_interval(secs => ${count})`

    /** Its worker was silent for too long, though the database was there to hear it. */
    const isOver = sql`(lease_until < now() and pg_postmaster_start_time() < now() - ${seconds(leaseTime)})`

    /** Of a run `r` that failed on this worker, whether another living one may have it. */
    const othersMay = sql`exists (
      select from effect_vae.worker o
      where o.seen_at > now() - ${seconds(2 * leaseTime)} and o.id <> all (r.failed_on || r.refused_by)
    )`

    /** Whether a worker may lease a run `r`. */
    const mayClaim = (worker: Worker): Fragment => sql`(
      not r.cancelling
      and ((r.state = 'queued' and r.available_at <= now()) or (r.state = 'leased' and ${isOver} and r.tries < ${mostTries}))
      and ${worker.id} <> all (r.refused_by)
      and (${worker.id} <> all (r.failed_on) or not ${othersMay})
    )`

    const filesOf = (run: string) =>
      rows(RunFile, sql`select path, digest from effect_vae.file where run = ${run} order by path`)

    const written = (lease: Lease, state: "leased" | End["state"], files: ReadonlyArray<RunFile>, update: Fragment) =>
      LeasedWrite.write(database, lease, state, files, update)

    return {
      beat: Effect.fn("RunQueue.beat")(function* (worker, held) {
        const told = yield* Effect.orDie(encodeHeld(held))
        const [beat] = yield* rows(
          Beat,
          sql`
            with told as (
              select * from jsonb_to_recordset(${told}::jsonb)
                as t (run text, token integer, standing jsonb, summary text)
            ), mine as (
              update effect_vae.run r set
                lease_until = now() + ${seconds(leaseTime)},
                standing = coalesce(told.standing, r.standing),
                summary = coalesce(told.summary, r.summary),
                changed_at = case when told.standing is null then r.changed_at else now() end
              from told where r.id = told.run and r.token = told.token and r.state = 'leased'
              returning r.id as run, r.token, r.cancelling
            ), ended as (
              update effect_vae.run r set
                state = case when cancelling then 'cancelled' else 'failed' end,
                reason = case when cancelling then 'cancelled' else
                  'the worker that made it fell silent ' || r.tries || ' times without progress, at last ' || r.worker end,
                changed_at = now()
              where r.state = 'leased' and r.worker <> ${worker.id} and ${isOver}
                and (r.cancelling or r.tries >= ${mostTries})
            ), me as (
              insert into effect_vae.worker (id, host, slots) values (${worker.id}, ${worker.host}, ${worker.slots})
              on conflict (id) do update set seen_at = now()
            )
            select
              coalesce((select jsonb_agg(mine) from mine), '[]') as held,
              exists (select from effect_vae.run r where r.state in ('queued', 'leased') and ${mayClaim(worker)}) as work
          `,
          answerTime
        )
        return beat!
      }),
      claim: Effect.fn("RunQueue.claim")(function* (worker, held) {
        const [claimed] = yield* rows(
          Claim,
          sql`
            update effect_vae.run r set
              state = 'leased',
              token = r.token + 1,
              -- The answer to an earlier claim of this worker was lost: that was no try.
              tries = r.tries + case when r.state = 'leased' and r.worker = ${worker.id} then 0 else 1 end,
              worker = ${worker.id},
              lease_until = now() + ${seconds(leaseTime)},
              standing = null,
              summary = null,
              changed_at = now()
            where r.id = (
              select r.id from effect_vae.run r
              where r.state in ('queued', 'leased') and (
                ${mayClaim(worker)} or (r.state = 'leased' and r.worker = ${worker.id} and r.id <> all (${held}))
              )
              order by r.number limit 1 for update skip locked
            )
            returning r.id as run, r.token, r.description
          `
        )
        if (claimed === undefined) return Option.none()
        return Option.some({ ...claimed, files: yield* filesOf(claimed.run) })
      }),
      // What has come further is not poison.
      publish: (lease, files) => written(lease, "leased", files, sql`tries = 1`),
      settle: (lease, end, files) =>
        written(
          lease,
          end.state,
          files,
          sql`state = ${end.state}, reason = ${end.reason ?? null}, cancelling = false, changed_at = clock_timestamp()`
        ),
      release: Effect.fn("RunQueue.release")(function* ({ run, token }, wait) {
        yield* patiently(sql`
          update effect_vae.run set
            state = case when cancelling then 'cancelled' else 'queued' end,
            tries = tries - 1,
            available_at = now() + ${seconds(wait)},
            changed_at = now()
          where id = ${run} and token = ${token} and state = 'leased'
        `)
        if (wait === 0) yield* patiently(wake(sql, "queue"))
      }),
      giveUp: Effect.fn("RunQueue.giveUp")(function* (worker, { run, token }, reason) {
        yield* patiently(
          Effect.andThen(
            sql`
              update effect_vae.run set
                state = case when cancelling then 'cancelled' when tries >= ${mostTries} then 'failed' else 'queued' end,
                failed_on = array_append(failed_on, ${worker.id}),
                reason = ${reason},
                available_at = now() + make_interval(secs => tries),
                changed_at = now()
              where id = ${run} and token = ${token} and state = 'leased'
            `,
            wake(sql, "queue")
          )
        )
      }),
      refuse: Effect.fn("RunQueue.refuse")(function* (worker, { run, token }, { code, reason }) {
        yield* Effect.gen(function* () {
          yield* sql`update effect_vae.worker set note = ${reason} where id = ${worker.id}`
          yield* sql`
            update effect_vae.run set refused_by = array_append(refused_by, ${worker.id})
            where ${worker.id} <> all (refused_by) and state in ('queued', 'leased') and (
              id = ${run} or (${code} and description ->> 'code' = (select description ->> 'code' from effect_vae.run where id = ${run}))
            )
          `
          yield* sql`
            update effect_vae.run set
              state = case when cancelling then 'cancelled' else 'queued' end, tries = tries - 1, changed_at = now()
            where id = ${run} and token = ${token} and state = 'leased'
          `
          yield* wake(sql, "queue")
        }).pipe(sql.withTransaction, patiently)
      }),
      leave: (worker) => Effect.asVoid(patiently(sql`delete from effect_vae.worker where id = ${worker.id}`))
    }
  })
)
