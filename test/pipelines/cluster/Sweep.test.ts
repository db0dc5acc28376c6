/**
 * A sweep over several workers, on a real PostgreSQL.
 */
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { needs } from "../../machine/Capability.ts"
import { postgres } from "../../machine/Postgres.ts"
import { whatIsLeft } from "../Command.ts"
import * as Calls from "../commands/Calls.ts"
import { call, endAll, eventually, file, local, submit, worker } from "./Machines.ts"
import { type PostgresServer, start } from "./PostgresServer.ts"

describe("a sweep over several workers", needs(postgres), () => {
  let server: PostgresServer
  let folder = ""
  beforeAll(async () => {
    server = await start(postgres.value!)
    folder = await mkdtemp(join(tmpdir(), "effect-vae-cluster-"))
  })
  afterEach(endAll)
  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  it("leaves the bytes of a sweep on one machine; two commands that submit it share its runs", async () => {
    const address = await server.database("bits")
    const args = ["--epochs", "60"]
    const workers = [worker(address, folder, "one"), worker(address, folder, "two")]
    const alone = await local(folder, "alone", args)
    assert.strictEqual(alone.code, 0, alone.output)
    await Promise.all(workers.map(({ until }) => until(/takes runs/)))
    const submitted = await Promise.all(["first", "second"].map((name) => submit(address, folder, name, args)))
    for (const { code, output } of submitted) assert.strictEqual(code, 0, output)
    const expected = await whatIsLeft(join(folder, "alone"))
    assert.isAbove(Object.keys(expected).length, 40)
    assert.deepStrictEqual(await whatIsLeft(join(folder, "first")), expected)
    assert.deepStrictEqual(await whatIsLeft(join(folder, "second")), expected)

    // Each run was made once, and every worker made some.
    const runs = await server.query(address, "select worker, state, token from effect_vae.run")
    assert.deepStrictEqual(
      runs.map(({ state, token }) => [state, token]),
      Array(4).fill(["done", 1])
    )
    assert.strictEqual(new Set(runs.map(({ worker }) => worker)).size, 2)

    // The same command again, from a third machine, when no worker is there.
    workers.forEach(({ kill }) => kill("SIGINT"))
    assert.deepStrictEqual(await Promise.all(workers.map(({ ended }) => ended)), [130, 130])
    const third = await submit(address, folder, "third", args)
    assert.strictEqual(third.code, 0, third.output)
    assert.deepStrictEqual(await whatIsLeft(join(folder, "third")), expected)
  })

  it("is cancelled within seconds, and goes on from its checkpoints when it is submitted again", async () => {
    const address = await server.database("cancel")
    const args = ["--beta", "1", "--epochs", "100000"]
    const standing = async () => {
      const [run] = await server.query(
        address,
        "select state, (standing ->> 'epoch')::int as epoch from effect_vae.run"
      )
      return run
    }
    const epoch = async () => Number((await standing())?.["epoch"] ?? 0)
    const made = worker(address, folder, "cancelled-worker")
    await made.until(/takes runs/)
    const first = submit(address, folder, "cancelled", args)
    await eventually(async () => (await epoch()) > 3, "a few epochs")
    const status = await call("cluster", "status", "--cluster", address)
    assert.match(status.output, /clustered-[0-9a-f]{12} +running +0 +1 +0 +0 +0/)
    assert.match(status.output, /alive +1\/1/)
    const before = performance.now()
    const cancel = await call("cluster", "cancel", "clustered", "--cluster", address)
    assert.strictEqual(cancel.code, 0, cancel.output)
    const { code, output } = await first
    // 5 s on an idle machine.
    assert.isBelow(performance.now() - before, 15_000)
    assert.strictEqual(code, 1, output)
    assert.match(output, /cancelled/)
    assert.strictEqual((await standing())!["state"], "cancelled")
    const [run] = await server.query(address, "select id from effect_vae.run")
    // Its checkpoint came here.
    const steps = await readdir(join(folder, "cancelled", "clustered", String(run!["id"]), "checkpoints"))
    assert.isNotEmpty(steps.filter((name) => name.startsWith("step-")))
    const reached = await epoch()
    made.kill("SIGINT")
    await made.ended
    // Another machine goes on.
    worker(address, folder, "next-worker")
    const second = submit(address, folder, "cancelled", args)
    await eventually(async () => (await standing())?.["state"] === "leased" && (await epoch()) > 0, "an epoch")
    assert.isAtLeast(await epoch(), reached)
    await call("cluster", "cancel", "clustered", "--cluster", address)
    assert.strictEqual((await second).code, 1)
    const removed = await call("cluster", "remove", "--cluster", address)
    assert.match(removed.output, /^removed from the database: clustered-/)
    const left = await server.query(
      address,
      "select (select count(*)::int from effect_vae.run) as runs, (select count(*)::int from effect_vae.chunk) as chunks"
    )
    assert.deepStrictEqual(left, [{ runs: 0, chunks: 0 }])
  })

  it("is refused by a worker with other code or data, and made by one with the same", async () => {
    const address = await server.database("code")
    const copy = join("test", "pipelines", "cluster", `Other${process.pid}Experiment.ts`)
    const text = await readFile(file, "utf8")
    await writeFile(copy, text)
    try {
      const submitted = call(`./${copy}`, "--beta", "0,1", "--cluster", address, "--results", join(folder, "code"))
      await eventually(
        () =>
          server.query(address, "select 1 from effect_vae.run").then(
            (rows) => rows.length === 2,
            () => false
          ),
        "submitted"
      )
      await server.query(
        address,
        "update effect_vae.run set description = jsonb_set(description, '{data}', '\"other\"') where number = 2"
      )
      await writeFile(copy, `${text}// Changed.\n`)
      const other = worker(address, folder, "code-one")
      await other.until(
        /refuses run [0-9a-f]{12} of clustered: its code differs: [0-9a-f]{12} here, [0-9a-f]{12} where/
      )
      await writeFile(copy, text)
      const same = worker(address, folder, "code-two")
      await same.until(/refuses run [0-9a-f]{12} of clustered: its data differs: Synthetic at /)
      await eventually(
        async () => (await server.query(address, "select 1 from effect_vae.run where state = 'done'")).length === 1,
        "the first run is done"
      )
      // Both refuse the second.
      const [refused] = await server.query(address, "select state, refused_by from effect_vae.run where number = 2")
      assert.strictEqual(refused!["state"], "queued")
      assert.lengthOf(refused!["refused_by"] as ReadonlyArray<string>, 2)
      await call("cluster", "cancel", "clustered", "--cluster", address)
      const { code, output } = await submitted
      assert.strictEqual(code, 1, output)
      assert.match(output, /refuses run [0-9a-f]{12} of clustered: its code differs/)
    } finally {
      await rm(copy)
    }
  })

  it("keeps its files in a folder that machines share, where one is given", async () => {
    const address = await server.database("shared")
    const shared = ["--artifacts", join(folder, "artifacts")]
    worker(address, folder, "shared-worker", shared)
    const submitted = await submit(address, folder, "shared", ["--beta", "0", ...shared])
    assert.strictEqual(submitted.code, 0, submitted.output)
    const [chunks] = await server.query(address, "select count(*)::int as n from effect_vae.chunk")
    assert.strictEqual(chunks!["n"], 0)
    // Content that is not what its digest says is refused.
    const [artifact] = await server.query(address, "select digest from effect_vae.file where path = 'metrics.ndjson'")
    const digest = String(artifact!["digest"])
    await writeFile(join(folder, "artifacts", digest.slice(0, 2), digest), "damaged")
    const damaged = await submit(address, folder, "damaged", ["--beta", "0", ...shared])
    assert.strictEqual(damaged.code, 1, damaged.output)
    assert.include(damaged.output, `artifact ${digest.slice(0, 12)} has digest`)
  })
})

describe("a database that cannot be used", needs(postgres), () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await start(postgres.value!)
  })
  afterAll(() => server.close())

  const status = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
    Effect.runPromise(
      Calls.expWith(ConfigProvider.layer(ConfigProvider.fromUnknown(env)), "cluster", "status", ...args)
    )

  it("is refused with what to do, and without a password", async () => {
    const { port } = server
    const known = await server.database("known")
    await status(["--cluster", known])
    await server.query(known, "update effect_vae.format set version = 99")
    const cases: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, RegExp]> = [
      ["http://127.0.0.1/x", {}, /^--cluster is not an address of the form postgres:/],
      ["postgres://me:secret@127.0.0.1/x", {}, /^--cluster has a password.*VAE_CLUSTER.*PGPASSWORD/],
      ["postgres://postgres@127.0.0.1:1/x", {}, /^127.0.0.1:1\/x: cannot be used: .*ECONNREFUSED/],
      [`postgres://postgres@127.0.0.1:${port}/none`, {}, /none: database "none" does not exist .*createdb/],
      [`postgres://nobody@127.0.0.1:${port}/known`, { PGPASSWORD: "secret" }, /refuses this login: .*PGPASSWORD/],
      [known, {}, /its tables have format 99, and this version of effect-vae uses 1/],
      ["", { VAE_CLUSTER: `postgres://me:secret@127.0.0.1:${port}/known` }, /refuses this login/],
      ["", {}, /which database\? Give --cluster/]
    ]
    for (const [address, env, message] of cases) {
      const { code, output } = await status(address === "" ? [] : ["--cluster", address], env)
      assert.strictEqual(code, 2, output)
      assert.match(output, message)
      assert.notInclude(output, "secret")
    }
  })
})
