/**
 * Networks that hang: nothing is delivered, and no connection is closed.
 */
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { ConfigProvider, Deferred, Effect, Option, Redacted } from "effect"
import * as Database from "../../../src/pipelines/cluster/Database.ts"
import { needs } from "../../machine/Capability.ts"
import { linux } from "../../machine/Linux.ts"
import { networkNamespaces } from "../../machine/NetworkNamespaces.ts"
import { postgres } from "../../machine/Postgres.ts"
import { whatIsLeft } from "../Command.ts"
import { namespace, relay } from "./HangingNetwork.ts"
import * as Machines from "./Machines.ts"
import { call, concurrently, eventually, pause, plain } from "./Machines.ts"
import { type PostgresServer, start } from "./PostgresServer.ts"

const args = ["--beta", "0,1", "--epochs", "300"]
const lease = 3

describe("a network that hangs", { ...concurrently, ...needs(postgres, linux) }, () => {
  let server: PostgresServer
  let expected: Readonly<Record<string, string>> = {}
  beforeAll(async () => {
    server = await start(postgres.value!)
    let removeFolder = () => Promise.resolve()
    const folder = await Machines.temporaryFolder((remove) => (removeFolder = remove))
    const { code, output } = await call(plain, ...args, "--results", folder)
    assert.strictEqual(code, 0, output)
    expected = await whatIsLeft(folder)
    await removeFolder()
  })
  afterAll(() => server.close())

  const means = networkNamespaces.value === undefined ? "are acknowledged and not forwarded" : "are dropped"

  it(`delays runs and changes nothing else while packets ${means} for longer than a lease`, async (test) => {
    const network = await (networkNamespaces.value === undefined ? relay(server.port) : namespace(server.port))
    test.onTestFinished(network.close)
    const cluster = await Machines.open(test, server, "waiting", { lease, reachedAt: network.through })
    const worker = cluster.worker("1", [], { by: network.by })
    const submitter = cluster.submitter("submitted", args, { by: network.by })
    await cluster.inTraining()
    network.hang()
    await Promise.all([worker, submitter].map(({ until }) => until(/does not answer .*; waiting/)))
    await pause(1000 * lease)
    assert.isTrue((await cluster.runs()).some(({ state }) => state !== "done"))
    network.resume()
    assert.strictEqual(await submitter.ended, 0, submitter.output())
    for (const { output } of [worker, submitter]) assert.match(output(), /answers again/)
    assert.deepStrictEqual(await whatIsLeft(join(cluster.folder, "submitted")), expected)
    const tokens = (await cluster.runs()).map(({ token }) => token)
    assert.deepStrictEqual(tokens, [1, 1])
  })

  it("loses the leases of the worker behind it to another worker, and every run is written once", async (test) => {
    const network = await relay(server.port)
    test.onTestFinished(network.close)
    const cluster = await Machines.open(test, server, "taken", { lease })
    const behind = cluster.exp(
      ["worker", "--cluster", network.through(cluster.address), "--results", join(cluster.folder, "1")],
      {}
    )
    const submitted = cluster.submit("submitted", args)
    const id = await cluster.inTraining()
    network.hang()
    const taken = (await cluster.runs()).find(({ worker }) => worker === id)!
    const theRun = async () => (await cluster.runs()).find(({ id }) => id === taken["id"])!
    cluster.worker("2")
    await eventually(async () => (await theRun())["worker"] !== id, "another worker has the run")
    network.resume()
    await behind.until(new RegExp(`the lease on run ${taken["id"]} is lost`))
    const { code, output } = await submitted
    assert.strictEqual(code, 0, output)
    assert.deepStrictEqual(await whatIsLeft(join(cluster.folder, "submitted")), expected)
    assert.strictEqual((await theRun())["token"], 2)
  })

  it("leaves no row locked for longer than a lease", async (test) => {
    const { query } = await Machines.open(test, server, "locked")
    const address = {
      url: Redacted.make(`postgres://postgres@127.0.0.1:${server.port}/locked`),
      password: Option.none(),
      authority: Option.none(),
      name: "locked"
    }
    await Effect.gen(function* () {
      const { sql } = yield* Database.Database
      yield* sql`insert into effect_vae.worker (id, host, slots) values ('one', 'one', 1)`
      const locked = yield* Deferred.make<void>()
      // A machine that falls silent in the middle of a transaction.
      yield* sql`update effect_vae.worker set slots = 2`.pipe(
        Effect.andThen(Deferred.succeed(locked, undefined)),
        Effect.andThen(Effect.never),
        sql.withTransaction,
        Effect.forkScoped
      )
      yield* Deferred.await(locked)
      const before = performance.now()
      yield* Effect.promise(() => query("update effect_vae.worker set slots = 3"))
      assert.isBelow(performance.now() - before, 1000 * (lease + 10))
      const [worker] = yield* sql`select slots from effect_vae.worker`
      assert.strictEqual(worker!["slots"], 3)
    }).pipe(
      Effect.scoped,
      Effect.provide(Database.layer(address)),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ VAE_CLUSTER_LEASE: String(lease) }))),
      Effect.runPromise
    )
  })
})
