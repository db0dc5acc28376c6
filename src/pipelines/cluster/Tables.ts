/**
 * The tables in the schema `effect_vae` of the database that machines share.
 *
 * | table | one row per |
 * | --- | --- |
 * | `format` | database: the version of the tables and the database's id |
 * | `sweep`, `sweep_run` | submitted sweep; run of a sweep |
 * | `run` | run: its description, its lease, its progress and its outcome |
 * | `worker` | worker process: its machine and the time of its last heartbeat |
 * | `file` | file of a run's folder, by digest |
 * | `artifact`, `chunk` | content of a file; 1 MiB of it |
 *
 * A run's `token` is a fencing token: it grows with every lease, and every write under a lease checks it.
 */

/** Increased when the tables change. */
export const format = 2

/** Creates the schema and its tables. */
export const statements: ReadonlyArray<string> = [
  `create schema if not exists effect_vae`,
  `create table effect_vae.format (version integer not null, id uuid not null default gen_random_uuid())`,
  `insert into effect_vae.format (version) values (${format})`,
  `create table effect_vae.sweep (
    id text primary key,
    name text not null,
    submitted_at timestamptz not null default now(),
    cancelled_at timestamptz
  )`,
  // Most updates renew a lease. The fill factor leaves room for the new version of a row in the same page.
  `create table effect_vae.run (
    id text primary key,
    number bigint generated always as identity,
    description jsonb not null,
    state text not null default 'queued' check (state in ('queued', 'leased', 'done', 'failed', 'cancelled')),
    token integer not null default 0,
    worker text,
    lease_until timestamptz,
    available_at timestamptz not null default now(),
    tries integer not null default 0,
    refused_by text[] not null default '{}',
    failed_on text[] not null default '{}',
    cancelling boolean not null default false,
    reason text,
    progress jsonb,
    summary text,
    changed_at timestamptz not null default now()
  ) with (fillfactor = 70)`,
  `create index run_open on effect_vae.run (number) where state in ('queued', 'leased')`,
  `create index run_worker on effect_vae.run (worker) where state = 'leased'`,
  `create table effect_vae.sweep_run (
    sweep text not null references effect_vae.sweep on delete cascade,
    run text not null references effect_vae.run on delete cascade,
    primary key (sweep, run)
  )`,
  `create index sweep_run_run on effect_vae.sweep_run (run)`,
  `create table effect_vae.worker (
    id text primary key,
    host text not null,
    slots integer not null,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    note text
  ) with (fillfactor = 70)`,
  `create table effect_vae.artifact (
    digest text primary key,
    bytes double precision not null,
    place text not null check (place in ('postgres', 'folder'))
  )`,
  `create table effect_vae.chunk (
    digest text not null references effect_vae.artifact on delete cascade,
    part integer not null,
    content bytea not null,
    primary key (digest, part)
  )`,
  // Parameters do not compress.
  `alter table effect_vae.chunk alter column content set storage external`,
  `create table effect_vae.file (
    run text not null references effect_vae.run on delete cascade,
    path text not null,
    digest text not null references effect_vae.artifact,
    primary key (run, path)
  )`,
  `create index file_digest on effect_vae.file (digest)`
]
