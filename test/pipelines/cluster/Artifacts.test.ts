/**
 * The contract of the artifact stores, on a real PostgreSQL.
 */
import { randomBytes } from "node:crypto"
import { readdir, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { Artifacts, digestOf } from "../../../src/pipelines/cluster/Artifacts.ts"
import * as Cluster from "../../../src/pipelines/cluster/Cluster.ts"
import { Database } from "../../../src/pipelines/cluster/Database.ts"
import { needs } from "../../machine/Capability.ts"
import { postgres } from "../../machine/Postgres.ts"
import { platform } from "../Sandbox.ts"
import * as Machines from "./Machines.ts"
import { type PostgresServer, start } from "./PostgresServer.ts"

describe.each(["database", "folder"])("artifacts in a %s", needs(postgres), (kind) => {
  let server: PostgresServer
  let address = ""
  let folder = ""
  let removeFolder = () => Promise.resolve()
  const isFolder = kind === "folder"

  beforeAll(async () => {
    server = await start(postgres.value!)
    address = await server.database("artifacts")
    folder = await Machines.temporaryFolder((remove) => (removeFolder = remove))
  })
  afterAll(async () => {
    await server.close()
    await removeFolder()
  })

  /** Runs with the store and the database that it is registered in. */
  const inStore = <A, E>(
    use: (store: Artifacts["Service"], sql: Database["Service"]["sql"]) => Effect.Effect<A, E>
  ): Promise<A> =>
    Effect.gen(function* () {
      return yield* use(yield* Artifacts, (yield* Database).sql)
    }).pipe(
      Effect.provide(
        Cluster.layer(
          { url: Redacted.make(address), password: Option.none(), authority: Option.none(), name: "test" },
          isFolder ? Option.some(folder) : Option.none()
        )
      ),
      Effect.provide(platform),
      Effect.runPromise
    )

  /** Has a run refer to content. */
  const refer = (sql: Database["Service"]["sql"], run: string, digest: string) =>
    sql`insert into effect_vae.run (id, description) values (${run}, '{}') on conflict do nothing`.pipe(
      Effect.andThen(sql`insert into effect_vae.file (run, path, digest) values (${run}, ${digest}, ${digest})`)
    )

  it("return what was stored, of any size, however often it is stored", () =>
    inStore((store) =>
      Effect.forEach([0, 1, 2 ** 20, 2 ** 20 + 1, 3_000_000], (bytes) =>
        Effect.gen(function* () {
          const content = randomBytes(bytes)
          const digest = digestOf(content)
          yield* Effect.all([store.put(digest, content), store.put(digest, content)], { concurrency: 2 })
          yield* store.put(digest, content)
          assert.isTrue(content.equals(yield* store.get(digest)))
        })
      )
    ))

  it("fail on content that is not there", () =>
    inStore((store) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(store.get(digestOf(randomBytes(8))))
        assert.match(error.message, /is missing|is not in the database/)
      })
    ))

  it("list and remove content that no run refers to, and nothing else", () =>
    inStore((store, sql) =>
      Effect.gen(function* () {
        const [used, unused] = [randomBytes(10), randomBytes(20)].map((content) => ({
          content,
          digest: digestOf(content)
        }))
        for (const { content, digest } of [used!, unused!]) yield* store.put(digest, content)
        yield* refer(sql, `run-${kind}`, used!.digest)
        const listed = yield* store.unused
        assert.deepInclude(listed, { key: unused!.digest, bytes: 20 })
        assert.notInclude(
          listed.map(({ key }) => key),
          used!.digest
        )
        assert.deepStrictEqual(yield* store.remove([used!.digest, unused!.digest]), [unused!.digest])
        assert.isTrue(used!.content.equals(yield* store.get(used!.digest)))
        yield* Effect.flip(store.get(unused!.digest))
        // It can be stored again.
        yield* store.put(unused!.digest, unused!.content)
        assert.isTrue(unused!.content.equals(yield* store.get(unused!.digest)))
      })
    ))

  it("keep content that is stored and referred to while it is removed", () =>
    inStore((store, sql) =>
      Effect.forEach(Array.from({ length: 20 }), (_, index) =>
        Effect.gen(function* () {
          const content = randomBytes(100)
          const digest = digestOf(content)
          yield* store.put(digest, content)
          const storing = Effect.gen(function* () {
            // As a worker does: what was removed meanwhile is stored again.
            while (true) {
              yield* store.put(digest, content)
              const referred = yield* Effect.result(refer(sql, `race-${kind}-${index}`, digest))
              if (referred._tag === "Success") return
            }
          })
          yield* Effect.all([storing, store.remove([digest]), store.remove([digest])], { concurrency: 3 })
          assert.isTrue(content.equals(yield* store.get(digest)))
        })
      )
    ))

  // Content in a database is written in a transaction.
  const killedWrite = () =>
    inStore((store) =>
      Effect.gen(function* () {
        const content = randomBytes(5)
        yield* store.put(digestOf(content), content)
        const [database] = yield* Effect.promise(() => readdir(folder))
        const names = ["old", "young"].map((name) => `.${name}.0123456789ab.tmp`)
        for (const name of names) yield* Effect.promise(() => writeFile(join(folder, database!, name), "part"))
        const old = Date.now() / 1000 - 4000
        yield* Effect.promise(() => utimes(join(folder, database!, names[0]!), old, old))
        const keys = (yield* store.unused).map(({ key }) => key)
        assert.include(keys, names[0])
        assert.notInclude(keys, names[1])
        assert.deepStrictEqual(yield* store.remove([names[0]!]), [names[0]!])
        assert.notInclude(yield* Effect.promise(() => readdir(join(folder, database!))), names[0])
      })
    )
  if (isFolder) it("list the temporary file of a killed write after an hour", killedWrite)
})
