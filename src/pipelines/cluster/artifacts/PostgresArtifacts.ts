/**
 * Artifacts in the database, in chunks of 1 MiB.
 */
import { Duration, Effect, Layer, Schema, Semaphore } from "effect"
import { Artifacts, removeUnused, verified } from "../Artifacts.ts"
import { ClusterError } from "../ClusterError.ts"
import { Database, statementTimeout } from "../Database.ts"

/** Bytes per row: far below the limit of a protocol message, and few rows per run. */
const chunkBytes = 2 ** 20

/** Up to this size, sending content costs no more than a query for its digest. */
const smallBytes = 2 ** 16

const Chunk = Schema.Struct({ content: Schema.Uint8Array })

/** Keeps artifacts in the database. */
export const layer: Layer.Layer<Artifacts, never, Database> = Layer.effect(
  Artifacts,
  Effect.gen(function* () {
    const database = yield* Database
    const { name, retrying, rows, sql } = database

    const there = (digest: string) =>
      Effect.map(
        rows(
          Schema.Struct({ place: Schema.String }),
          sql`
        select place from effect_vae.artifact where digest = ${digest}
      `
        ),
        ([row]) => row?.place
      )

    // However many runs this process trains, heartbeats must not wait for a connection.
    const transfers = Semaphore.makeUnsafe(2)

    return {
      put: Effect.fn("PostgresArtifacts.put")(function* (digest, content) {
        // Small content is sent without a query for its digest.
        if (content.length > smallBytes && (yield* there(digest)) !== undefined) return
        const registered = sql`
          insert into effect_vae.artifact (digest, bytes, place) values (${digest}, ${content.length}, 'postgres')
          on conflict do nothing returning digest
        `
        const chunk = (part: number) => content.subarray(part * chunkBytes, (part + 1) * chunkBytes)
        if (content.length <= chunkBytes) {
          // One round trip.
          return yield* Effect.asVoid(
            retrying(sql`
              with registered as (${registered})
              insert into effect_vae.chunk (digest, part, content) select digest, 0, ${chunk(0)} from registered
            `)
          )
        }
        yield* Effect.gen(function* () {
          // Another machine may have stored it meanwhile.
          if ((yield* registered).length === 0) return
          for (let part = 0; part * chunkBytes < content.length; part++) {
            yield* Effect.timeout(
              sql`insert into effect_vae.chunk (digest, part, content) values (${digest}, ${part}, ${chunk(part)})`,
              statementTimeout
            )
          }
        }).pipe(sql.withTransaction, (stored) =>
          retrying(stored, Duration.times(statementTimeout, 2 + Math.ceil(content.length / chunkBytes)))
        )
      }, transfers.withPermit),
      get: Effect.fn("PostgresArtifacts.get")(function* (digest) {
        const chunks: Array<Uint8Array> = []
        for (let part = 0; ; part++) {
          const [chunk] = yield* rows(
            Chunk,
            sql`
            select content from effect_vae.chunk where digest = ${digest} and part = ${part}
          `
          )
          if (chunk === undefined) break
          chunks.push(chunk.content)
          if (chunk.content.length < chunkBytes) break
        }
        if (chunks.length === 0) {
          const reason = `artifact ${digest.slice(0, 12)} is not in the database; if it lies in a shared folder, give --artifacts FOLDER`
          return yield* new ClusterError({ database: name, reason })
        }
        return yield* verified(name, digest, Buffer.concat(chunks))
      }, transfers.withPermit),
      unused: rows(
        Schema.Struct({ key: Schema.String, bytes: Schema.Number }),
        sql`
          select digest as key, bytes from effect_vae.artifact a
          where place = 'postgres' and not exists (select from effect_vae.file f where f.digest = a.digest)
          order by digest
        `
      ),
      remove: (digests) => removeUnused(database, "postgres", digests, () => Effect.void)
    }
  })
)
