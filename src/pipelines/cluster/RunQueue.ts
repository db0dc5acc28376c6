/**
 * The queue of runs, as used by workers: leases, and the writes under them.
 *
 * Only the database's clock decides when a lease ends.
 *
 * Laws: of all leases on a run, only the newest can write: each write checks its token in the statement or transaction that
 * changes the run's row; a run whose worker is silent is leased again, at most three times without progress; no lease ends
 * because the database was down.
 */
import { Context, Duration, Effect, Layer, Option, Schema } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { RunDescription } from "../plan/RunDescription.ts"
import type { ClusterError, LeaseLost } from "./ClusterError.ts"
import { Database, notify } from "./Database.ts"
import { encodeHeld, type End, type Held, type Lease, leaseSeconds, mostTries, type Worker } from "./Lease.ts"
import * as LeasedWrite from "./LeasedWrite.ts"
import { RunFile } from "./RunFiles.ts"

/** A leased run. */
export interface Claimed extends Lease {
  readonly description: RunDescription
  /** The files that earlier workers published. */
  readonly files: ReadonlyArray<RunFile>
}

const Claim = Schema.Struct({ run: Schema.String, token: Schema.Int, description: RunDescription })

const Heartbeat = Schema.Struct({
  held: Schema.Array(Schema.Struct({ run: Schema.String, token: Schema.Int, cancelling: Schema.Boolean })),
  work: Schema.Boolean
})
export type Heartbeat = typeof Heartbeat.Type

/** What a write under a lease returns. */
export type Written = Effect.Effect<Option.Option<ReadonlyArray<string>>, ClusterError | LeaseLost>

export class RunQueue extends Context.Service<
  RunQueue,
  {
    /** Renews leases; returns which of them still hold, and whether there is a run to claim. */
    readonly heartbeat: (worker: Worker, held: ReadonlyArray<Held>) => Effect.Effect<Heartbeat, ClusterError>
    /** Leases the oldest run that this worker may train. `held` are the runs that it holds leases on. */
    readonly claim: (worker: Worker, held: ReadonlyArray<string>) => Effect.Effect<Option.Option<Claimed>, ClusterError>
    /**
     * Replaces the files of a run in training. Returns the digests that the run no longer refers to; none if one of the new
     * artifacts was removed meanwhile, so that they must be stored again.
     */
    readonly publish: (lease: Lease, files: ReadonlyArray<RunFile>) => Written
    /** Ends a run, with its files: all of it or nothing. Returns what `publish` does. */
    readonly settle: (lease: Lease, end: End, files: ReadonlyArray<RunFile>) => Written
    /** Returns a run to the queue, to be leased again after `seconds`; does nothing if the lease is lost. */
    readonly release: (lease: Lease, seconds: number) => Effect.Effect<void, ClusterError>
    /** Returns a run to the queue that failed for a reason that another machine may not share. Ends it after three tries. */
    readonly returnFailed: (worker: Worker, lease: Lease, reason: string) => Effect.Effect<void, ClusterError>
    /** Returns a run to the queue that this worker cannot plan; with `code`, refuses all runs with the same code. */
    readonly refuse: (
      worker: Worker,
      lease: Lease,
      refusal: { readonly code: boolean; readonly reason: string }
    ) => Effect.Effect<void, ClusterError>
    /** Removes a worker that exits. */
    readonly leave: (worker: Worker) => Effect.Effect<void, ClusterError>
  }
>()("vae/pipelines/cluster/RunQueue") {}

/** The queue in the database. */
export const layer: Layer.Layer<RunQueue, never, Database> = Layer.effect(
  RunQueue,
  Effect.gen(function* () {
    const database = yield* Database
    const { retrying, rows, sql } = database
    const leaseTime = yield* Effect.orDie(leaseSeconds)
    /** Leaves time for another attempt within the lease. */
    const answerTime = Duration.seconds(leaseTime / 3)
    const seconds = (count: number) => sql`make_interval(secs => ${count})`

    /** Whether its worker was silent for too long while the database was up. */
    const isOver = sql`(lease_until < now() and pg_postmaster_start_time() < now() - ${seconds(leaseTime)})`

    /** Whether a worker that is alive may lease run `r`, which failed on this one. */
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
      heartbeat: Effect.fn("RunQueue.heartbeat")(function* (worker, held) {
        const reports = yield* Effect.orDie(encodeHeld(held))
        const [heartbeat] = yield* rows(
          Heartbeat,
          sql`
            with reported as (
              select * from jsonb_to_recordset(${reports}::jsonb)
                as t (run text, token integer, progress jsonb, summary text)
            ), mine as (
              update effect_vae.run r set
                lease_until = now() + ${seconds(leaseTime)},
                progress = coalesce(reported.progress, r.progress),
                summary = coalesce(reported.summary, r.summary),
                changed_at = case when reported.progress is null then r.changed_at else now() end
              from reported where r.id = reported.run and r.token = reported.token and r.state = 'leased'
              returning r.id as run, r.token, r.cancelling
            ), ended as (
              update effect_vae.run r set
                state = case when cancelling then 'cancelled' else 'failed' end,
                reason = case when cancelling then 'cancelled' else
                  'its worker stopped responding ' || r.tries || ' times without a new checkpoint, the last time ' || r.worker end,
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
        return heartbeat!
      }),
      claim: Effect.fn("RunQueue.claim")(function* (worker, held) {
        const [claimed] = yield* rows(
          Claim,
          sql`
            update effect_vae.run r set
              state = 'leased',
              token = r.token + 1,
              -- The answer to an earlier claim of this worker was lost, which is not a try.
              tries = r.tries + case when r.state = 'leased' and r.worker = ${worker.id} then 0 else 1 end,
              worker = ${worker.id},
              lease_until = now() + ${seconds(leaseTime)},
              progress = null,
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
      // A run with a new checkpoint has made progress.
      publish: (lease, files) => written(lease, "leased", files, sql`tries = 1`),
      settle: (lease, end, files) =>
        written(
          lease,
          end.state,
          files,
          sql`state = ${end.state}, reason = ${end.reason ?? null}, cancelling = false, changed_at = clock_timestamp()`
        ),
      release: Effect.fn("RunQueue.release")(function* ({ run, token }, wait) {
        yield* retrying(sql`
          update effect_vae.run set
            state = case when cancelling then 'cancelled' else 'queued' end,
            tries = tries - 1,
            available_at = now() + ${seconds(wait)},
            changed_at = now()
          where id = ${run} and token = ${token} and state = 'leased'
        `)
        if (wait === 0) yield* retrying(notify(sql, "queue"))
      }),
      returnFailed: Effect.fn("RunQueue.returnFailed")(function* (worker, { run, token }, reason) {
        yield* retrying(
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
            notify(sql, "queue")
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
          yield* notify(sql, "queue")
        }).pipe(sql.withTransaction, retrying)
      }),
      leave: (worker) => Effect.asVoid(retrying(sql`delete from effect_vae.worker where id = ${worker.id}`))
    }
  })
)
