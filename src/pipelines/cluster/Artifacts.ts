/**
 * The store of the content of runs' files, shared by all machines and addressed by SHA-256.
 *
 * Laws: content is registered in the table `artifact` after it is complete in its place; content that is read has the
 * digest that was asked for, or is an error; storing the same content again changes nothing; content that a run refers to
 * is not removed.
 */
import { createHash } from "node:crypto"
import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Result } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import { corrupt, type StoreError } from "../files/StoreError.ts"
import type { ClusterError } from "./ClusterError.ts"
import type { Database } from "./Database.ts"

/** Content that no run refers to, by its key in the store. */
export interface Unused {
  readonly key: string
  readonly bytes: number
}

export class Artifacts extends Context.Service<
  Artifacts,
  {
    /** Stores content, unless it is stored already. */
    readonly put: (digest: string, content: Uint8Array) => Effect.Effect<void, ClusterError | StoreError>
    readonly get: (digest: string) => Effect.Effect<Uint8Array, ClusterError | StoreError>
    /** Content that no run refers to. */
    readonly unused: Effect.Effect<ReadonlyArray<Unused>, ClusterError | StoreError>
    /** Removes content that no run refers to; returns the keys of what was removed. */
    readonly remove: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, ClusterError | StoreError>
  }
>()("vae/pipelines/cluster/Artifacts") {}

/** Unregisters those of the artifacts `a` that no run refers to; returns their digests. */
export const unregister = (sql: PgClient.PgClient, which: Fragment): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.map(
    sql`
      delete from effect_vae.artifact a
      where ${which} and not exists (select from effect_vae.file f where f.digest = a.digest) returning digest
    `,
    (rows) => rows.map(({ digest }) => String(digest))
  )

/**
 * Unregisters content that no run refers to and removes it, in one transaction; returns what was unregistered. Whoever
 * stores the same content meanwhile waits and stores it again.
 */
export const removeUnused = Effect.fnUntraced(function* <E>(
  { retrying, sql }: Database["Service"],
  place: "folder" | "postgres",
  digests: ReadonlyArray<string>,
  removeContent: (digests: ReadonlyArray<string>) => Effect.Effect<void, E>
): Effect.fn.Return<ReadonlyArray<string>, ClusterError | E> {
  const removed = yield* Effect.gen(function* () {
    // Locks the digests that are not registered, in one order.
    yield* sql`
      insert into effect_vae.artifact (digest, bytes, place)
      select digest, 0, ${place} from unnest(${[...digests].sort()}::text[]) as d (digest) on conflict do nothing
    `
    const rows = yield* unregister(sql, sql`a.digest = any (${digests}) and a.place = ${place}`)
    return yield* Effect.result(Effect.as(removeContent(rows), rows))
  }).pipe(
    sql.withTransaction,
    // A run has come to refer to one of them.
    Effect.catchIf(
      ({ reason }) => reason._tag === "ConstraintError",
      () => Effect.succeed(Result.succeed<ReadonlyArray<string>>([]))
    ),
    retrying
  )
  return yield* Effect.fromResult(removed)
})

/** SHA-256 in hexadecimal digits. */
export const digestOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")

/** The content if it has the digest. `place` is for messages. */
export const verified = (place: string, digest: string, content: Uint8Array): Effect.Effect<Uint8Array, StoreError> =>
  digestOf(content) === digest
    ? Effect.succeed(content)
    : Effect.fail(corrupt(place, `artifact ${digest.slice(0, 12)} has digest ${digestOf(content).slice(0, 12)}`))
