/**
 * Artifacts in the database, in chunks of 1 MiB.
 */
import { Duration, Effect, Layer, Schema } from "effect"
import { Artifacts, verified } from "../Artifacts.ts"
import { ClusterError } from "../ClusterError.ts"
import { Database, patience } from "../Database.ts"

/** Bytes of one row: far below what one message of the protocol may have, and few rows for a run. */
const chunkBytes = 2 ** 20

const Chunk = Schema.Struct({ content: Schema.Uint8Array })

/** Keeps artifacts in the database. */
export const layer: Layer.Layer<Artifacts, never, Database> = Layer.effect(
  Artifacts,
  Effect.gen(function* () {
    const { name, patiently, rows, sql } = yield* Database

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
        if ((yield* there(digest)) !== undefined) return
        yield* Effect.gen(function* () {
          const registered = yield* sql`
            insert into effect_vae.artifact (digest, bytes, place) values (${digest}, ${content.length}, 'postgres')
            on conflict do nothing returning digest
          `
          // Another machine has stored it meanwhile.
          if (registered.length === 0) return
          for (let part = 0; part * chunkBytes < content.length; part++) {
            const chunk = content.subarray(part * chunkBytes, (part + 1) * chunkBytes)
            yield* Effect.timeout(
              sql`insert into effect_vae.chunk (digest, part, content) values (${digest}, ${part}, ${chunk})`,
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
        }
        if (chunks.length === 0 && (yield* there(digest)) !== "postgres") {
          const reason = `artifact ${digest.slice(0, 12)} is not in the database; if it lies in a shared folder, give --artifacts FOLDER`
          return yield* new ClusterError({ database: name, reason })
        }
        return yield* verified(name, digest, Buffer.concat(chunks))
      })
    }
  })
)
