/**
 * Artifacts in the database, in chunks of 1 MiB.
 */
import { Duration, Effect, Layer, Schema } from "effect"
import { Artifacts, removeUnused, verified } from "../Artifacts.ts"
import { ClusterError } from "../ClusterError.ts"
import { Database, patience } from "../Database.ts"

/** Bytes of one row: far below what one message of the protocol may have, and few rows for a run. */
const chunkBytes = 2 ** 20

/** Content up to here is cheaper to send than to ask for. */
const smallBytes = 2 ** 16

const Chunk = Schema.Struct({ content: Schema.Uint8Array })

/** Keeps artifacts in the database. */
export const layer: Layer.Layer<Artifacts, never, Database> = Layer.effect(
  Artifacts,
  Effect.gen(function* () {
    const database = yield* Database
    const { name, patiently, rows, sql } = database

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

    return {
      put: Effect.fn("PostgresArtifacts.put")(function* (digest, content) {
        // Small content is sent without asking first.
        if (content.length > smallBytes && (yield* there(digest)) !== undefined) return
        const registered = sql`
          insert into effect_vae.artifact (digest, bytes, place) values (${digest}, ${content.length}, 'postgres')
          on conflict do nothing returning digest
        `
        const chunk = (part: number) => content.subarray(part * chunkBytes, (part + 1) * chunkBytes)
        if (content.length <= chunkBytes) {
          // One statement, so that it costs one round trip.
          return yield* Effect.asVoid(
            patiently(sql`
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
              patience
            )
          }
        }).pipe(sql.withTransaction, (stored) =>
          patiently(stored, Duration.times(patience, 2 + Math.ceil(content.length / chunkBytes)))
        )
      }),
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
      }),
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
