/**
 * What is written under a lease: a run's files, and how it ended.
 *
 * Law: one transaction locks the run's row, checks the lease's fencing token and writes everything, or nothing.
 */
import { Effect, Option } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { type ClusterError, LeaseLost } from "./ClusterError.ts"
import { type Database, notify } from "./Database.ts"
import type { End, Lease } from "./Lease.ts"
import type { RunFile } from "./RunFiles.ts"

type State = End["state"] | "leased"

/** Replaces a run's files; returns the digests of those that it had. */
const replaceFiles = Effect.fnUntraced(function* (
  { sql }: Database["Service"],
  run: string,
  files: ReadonlyArray<RunFile>
) {
  const removed = yield* sql`delete from effect_vae.file where run = ${run} returning digest`
  yield* sql`
    insert into effect_vae.file (run, path, digest)
    select ${run}, path, digest from jsonb_to_recordset(${JSON.stringify(files)}::jsonb) as f (path text, digest text)
  `
  return removed.map(({ digest }) => String(digest))
})

/**
 * Replaces a run's files and updates its row, if the lease holds or has already brought the run to `state`. Returns the
 * digests that the run no longer refers to; none if one of the new artifacts was removed meanwhile, so that they must be
 * stored again.
 */
export const write = Effect.fnUntraced(function* (
  database: Database["Service"],
  { run, token }: Lease,
  state: State,
  files: ReadonlyArray<RunFile>,
  update: Fragment
): Effect.fn.Return<Option.Option<ReadonlyArray<string>>, ClusterError | LeaseLost> {
  const { retrying, sql } = database
  const outcome = yield* Effect.gen(function* () {
    const found = yield* sql`
      select from effect_vae.run where id = ${run} and token = ${token} and state in ('leased', ${state}) for update
    `
    if (found.length === 0) return "lost" as const
    const before = yield* replaceFiles(database, run, files)
    yield* sql`update effect_vae.run set ${update} where id = ${run}`
    if (state !== "leased") yield* notify(sql, "result")
    return before
  }).pipe(
    sql.withTransaction,
    Effect.catchIf(
      ({ reason }) => reason._tag === "ConstraintError",
      () => Effect.succeed("incomplete" as const)
    ),
    retrying
  )
  if (outcome === "lost") return yield* new LeaseLost({ run })
  if (outcome === "incomplete") return Option.none()
  const now = new Set(files.map(({ digest }) => digest))
  return Option.some([...new Set(outcome)].filter((digest) => !now.has(digest)))
})
