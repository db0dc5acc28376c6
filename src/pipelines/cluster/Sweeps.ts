/**
 * Sweeps, as used by the commands that submit, watch, cancel and remove them.
 *
 * Laws: a sweep is identified by its name and its runs, so the same command is the same sweep on every machine; a run that
 * is done is not queued again; runs that failed or were cancelled are queued again after the sweep has ended.
 */
import { Context, Effect, Layer, Option, Schema } from "effect"
import { digestOf } from "../../core/Spec.ts"
import { RunDescription } from "../plan/RunDescription.ts"
import { TrainingProgress } from "../sweep/WorkerMessage.ts"
import { unregister } from "./Artifacts.ts"
import type { ClusterError } from "./ClusterError.ts"
import { Database, notify } from "./Database.ts"
import { RunFile } from "./RunFiles.ts"
import { leaseSeconds } from "./Lease.ts"

export const State = Schema.Literals(["queued", "leased", "done", "failed", "cancelled"])
export type State = typeof State.Type

/** The state of a run. */
export const RunState = Schema.Struct({
  run: Schema.String,
  state: State,
  token: Schema.Int,
  /** The worker that holds it or held it last. */
  worker: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  progress: Schema.NullOr(Schema.toCodecJson(TrainingProgress)),
  summary: Schema.NullOr(Schema.String),
  /** Time of the last change by the database's clock, in seconds since 1970. */
  changed: Schema.Number
})
export type RunState = typeof RunState.Type

export const WorkerState = Schema.Struct({
  id: Schema.String,
  slots: Schema.Int,
  runs: Schema.Int,
  /** Seconds since its last heartbeat. */
  silent: Schema.Number,
  alive: Schema.Boolean,
  /** Why it refused a run, if it did. */
  note: Schema.NullOr(Schema.String)
})
export type WorkerState = typeof WorkerState.Type

/** A run in training. */
export const RunningRun = Schema.Struct({
  run: Schema.String,
  experiment: Schema.String,
  seed: Schema.Int,
  worker: Schema.NullOr(Schema.String),
  /** Null until the first report. */
  progress: Schema.NullOr(Schema.toCodecJson(TrainingProgress))
})
export type RunningRun = typeof RunningRun.Type

export const SweepState = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  cancelled: Schema.Boolean,
  /** Seconds since it was submitted. */
  age: Schema.Number,
  queued: Schema.Int,
  leased: Schema.Int,
  done: Schema.Int,
  failed: Schema.Int,
  cancelledRuns: Schema.Int
})
export type SweepState = typeof SweepState.Type

/** A sweep's id: `beta-sweep-3f9c1e7a52d0`. */
export const idOf = (name: string, runs: ReadonlyArray<string>): string =>
  `${name}-${digestOf([...runs].sort()).slice(0, 12)}`

export class Sweeps extends Context.Service<
  Sweeps,
  {
    readonly submit: (sweep: {
      readonly id: string
      readonly name: string
      readonly runs: ReadonlyArray<{ readonly run: string; readonly description: RunDescription }>
    }) => Effect.Effect<void, ClusterError>
    /** The runs of a sweep that have changed since, in seconds since 1970. */
    readonly changes: (sweep: string, since: number) => Effect.Effect<ReadonlyArray<RunState>, ClusterError>
    /** The runs in training, in the order of the queue. */
    readonly running: Effect.Effect<ReadonlyArray<RunningRun>, ClusterError>
    /** The files of a run. */
    readonly files: (run: string) => Effect.Effect<ReadonlyArray<RunFile>, ClusterError>
    readonly workers: Effect.Effect<ReadonlyArray<WorkerState>, ClusterError>
    /** The newest first. */
    readonly sweeps: Effect.Effect<ReadonlyArray<SweepState>, ClusterError>
    /** Ends the sweeps of this name or id: what runs is checkpointed. Gives the ids of those that had not ended. */
    readonly cancel: (name: string) => Effect.Effect<ReadonlyArray<string>, ClusterError>
    /** Removes sweeps that have ended, of this name or id or all, with everything that no other sweep needs. */
    readonly remove: (name: Option.Option<string>) => Effect.Effect<ReadonlyArray<string>, ClusterError>
  }
>()("vae/pipelines/cluster/Sweeps") {}

const Id = Schema.Struct({ id: Schema.String })

/** The sweeps in the database. */
export const layer: Layer.Layer<Sweeps, never, Database> = Layer.effect(
  Sweeps,
  Effect.gen(function* () {
    const { retrying, rows, sql } = yield* Database
    const leaseTime = yield* Effect.orDie(leaseSeconds)

    /** Whether a sweep `s` has unfinished runs. */
    const isOpen = sql`exists (
      select from effect_vae.sweep_run m join effect_vae.run r on r.id = m.run
      where m.sweep = s.id and r.state in ('queued', 'leased')
    )`

    return {
      submit: Effect.fn("Sweeps.submit")(function* ({ id, name, runs }) {
        const encoded = JSON.stringify(runs)
        const given = sql`jsonb_to_recordset(${encoded}::jsonb) as g (run text, description jsonb)`
        yield* Effect.gen(function* () {
          yield* sql`select pg_advisory_xact_lock(hashtext(${id}))`
          const open = yield* sql`
            select from effect_vae.sweep s where id = ${id} and cancelled_at is null and ${isOpen}
          `
          yield* sql`
            insert into effect_vae.sweep (id, name) values (${id}, ${name})
            on conflict (id) do update set cancelled_at = null
          `
          yield* sql`insert into effect_vae.run (id, description) select g.run, g.description from ${given} on conflict do nothing`
          yield* sql`
            insert into effect_vae.sweep_run (sweep, run) select ${id}, g.run from ${given} on conflict do nothing
          `
          yield* sql`update effect_vae.run r set cancelling = false from ${given} where r.id = g.run and r.cancelling`
          // Workers that refused the old code may accept the new one.
          yield* sql`
            update effect_vae.run r set description = g.description, refused_by = '{}', failed_on = '{}'
            from ${given} where r.id = g.run and r.state <> 'leased' and r.state <> 'done' and r.description <> g.description
          `
          if (open.length === 0) {
            yield* sql`
              update effect_vae.run r set
                state = 'queued', tries = 0, refused_by = '{}', failed_on = '{}', reason = null, available_at = now(),
                progress = null, summary = null, changed_at = now()
              from ${given} where r.id = g.run and r.state in ('failed', 'cancelled')
            `
          }
          yield* notify(sql, "queue")
        }).pipe(sql.withTransaction, retrying)
      }),
      changes: (sweep, since) =>
        rows(
          RunState,
          sql`
            select r.id as run, r.state, r.token, r.worker, r.reason, r.progress, r.summary,
              extract(epoch from r.changed_at)::float8 as changed
            from effect_vae.sweep_run m join effect_vae.run r on r.id = m.run
            where m.sweep = ${sweep} and r.changed_at >= to_timestamp(${since})
          `
        ),
      running: rows(
        RunningRun,
        sql`
          select id as run, description ->> 'experiment' as experiment, (description ->> 'seed')::float8 as seed, worker,
            progress
          from effect_vae.run where state = 'leased' order by number
        `
      ),
      files: (run) => rows(RunFile, sql`select path, digest from effect_vae.file where run = ${run} order by path`),
      workers: rows(
        WorkerState,
        sql`
          select w.id, w.slots, w.note, extract(epoch from now() - w.seen_at)::float8 as silent,
            w.seen_at > now() - make_interval(secs => ${leaseTime}) as alive,
            (select count(*)::integer from effect_vae.run r where r.state = 'leased' and r.worker = w.id) as runs
          from effect_vae.worker w order by w.id
        `
      ),
      sweeps: rows(
        SweepState,
        sql`
          select s.id, s.name, s.cancelled_at is not null as cancelled,
            extract(epoch from now() - s.submitted_at)::float8 as age,
            count(*) filter (where r.state = 'queued')::integer as queued,
            count(*) filter (where r.state = 'leased')::integer as leased,
            count(*) filter (where r.state = 'done')::integer as done,
            count(*) filter (where r.state = 'failed')::integer as failed,
            count(*) filter (where r.state = 'cancelled')::integer as "cancelledRuns"
          from effect_vae.sweep s
            left join effect_vae.sweep_run m on m.sweep = s.id left join effect_vae.run r on r.id = m.run
          group by s.id order by s.submitted_at desc
        `
      ),
      cancel: Effect.fn("Sweeps.cancel")(function* (name) {
        const cancelled = Effect.gen(function* () {
          const ended = yield* sql`
            update effect_vae.sweep s set cancelled_at = now()
            where (s.id = ${name} or s.name = ${name}) and s.cancelled_at is null and ${isOpen} returning s.id
          `
          // Runs of another sweep continue. A worker that does not respond cannot be told to stop.
          yield* sql`
            update effect_vae.run r set
              cancelling = r.state = 'leased' and r.lease_until > now(),
              state = case when r.state = 'leased' and r.lease_until > now() then 'leased' else 'cancelled' end,
              reason = 'cancelled', changed_at = now()
            where r.state in ('queued', 'leased')
              and exists (
                select from effect_vae.sweep_run m join effect_vae.sweep s on s.id = m.sweep
                where m.run = r.id and (s.id = ${name} or s.name = ${name}) and s.cancelled_at is not null
              )
              and not exists (
                select from effect_vae.sweep_run m join effect_vae.sweep s on s.id = m.sweep
                where m.run = r.id and s.cancelled_at is null
              )
          `
          yield* notify(sql, "queue")
          return ended
        }).pipe(sql.withTransaction)
        return (yield* rows(Id, cancelled)).map(({ id }) => id)
      }),
      remove: Effect.fn("Sweeps.remove")(function* (name) {
        const only = Option.match(name, {
          onNone: () => sql`true`,
          onSome: (word) => sql`(s.id = ${word} or s.name = ${word})`
        })
        const removed = Effect.gen(function* () {
          const ended = yield* sql`delete from effect_vae.sweep s where ${only} and not ${isOpen} returning s.id`
          yield* sql`
            delete from effect_vae.run r
            where r.state not in ('queued', 'leased')
              and not exists (select from effect_vae.sweep_run m where m.run = r.id)
          `
          yield* unregister(sql, sql`true`)
          yield* sql`delete from effect_vae.worker where seen_at < now() - interval '1 day'`
          return ended
        }).pipe(sql.withTransaction)
        return (yield* rows(Id, removed)).map(({ id }) => id)
      })
    }
  })
)
