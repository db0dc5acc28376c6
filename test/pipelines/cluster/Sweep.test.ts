/**
 * A sweep over several workers, on a real PostgreSQL.
 */
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { needs } from "../../machine/Capability.ts"
import { machineCode } from "../../machine/MachineCode.ts"
import { postgres } from "../../machine/Postgres.ts"
import { filesOf, whatIsLeft } from "../Command.ts"
import * as Machines from "./Machines.ts"
import { call, concurrently, drawn, eventually, plain } from "./Machines.ts"
import { type PostgresServer, start } from "./PostgresServer.ts"

describe("a sweep over several workers", { ...concurrently, ...needs(postgres) }, () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await start(postgres.value!)
  })
  afterAll(() => server.close())

  it("leaves the same bytes as on one machine; two commands that submit it share its runs", async (test) => {
    const cluster = await Machines.open(test, server, "bits")
    const { folder } = cluster
    const args = [drawn, "--epochs", "60"]
    const workers = ["one", "two"].map((name) => cluster.worker(name))
    const alone = await call(...args, "--results", join(folder, "alone"))
    assert.strictEqual(alone.code, 0, alone.output)
    await Promise.all(workers.map(({ until }) => until(/takes runs/)))
    const submitted = await Promise.all(["first", "second"].map((name) => cluster.submit(name, args)))
    for (const { code, output } of submitted) assert.strictEqual(code, 0, output)
    const expected = await whatIsLeft(join(folder, "alone"))
    assert.isAbove(Object.keys(expected).length, 40)
    assert.deepStrictEqual(await whatIsLeft(join(folder, "first")), expected)
    assert.deepStrictEqual(await whatIsLeft(join(folder, "second")), expected)

    // Each run was trained once, and every worker trained some.
    const runs = await cluster.runs()
    assert.deepStrictEqual(
      runs.map(({ state, token }) => [state, token]),
      Array(4).fill(["done", 1])
    )
    assert.strictEqual(new Set(runs.map(({ worker }) => worker)).size, 2)

    // The same command again, from a third machine, when no worker is there.
    workers.forEach(({ kill }) => kill("SIGINT"))
    assert.deepStrictEqual(await Promise.all(workers.map(({ ended }) => ended)), [130, 130])
    const third = await cluster.submit("third", args)
    assert.strictEqual(third.code, 0, third.output)
    assert.deepStrictEqual(await whatIsLeft(join(folder, "third")), expected)
  })

  it("is cancelled within seconds, and resumes from its checkpoints when it is submitted again", async (test) => {
    const cluster = await Machines.open(test, server, "cancel")
    const { address } = cluster
    const args = ["--beta", "1", "--epochs", "100000"]
    const run = async () => (await cluster.runs())[0]
    const epoch = async () => Number(((await run())?.["progress"] as { epoch?: number } | null)?.epoch ?? 0)
    const first = cluster.worker("one")
    const cancelled = cluster.submit("submitted", args)
    await eventually(async () => (await epoch()) > 3, "a few epochs")
    const status = await call("cluster", "status", "--cluster", address)
    assert.match(status.output, /plain-[0-9a-f]{12} +running +0 +1 +0 +0 +0/)
    assert.match(status.output, /[0-9a-f]{12} +plain seed=0 +\S+\/\d+-[0-9a-f]{4} +\d+\/100000 /)
    assert.match(status.output, /alive +1\/1/)
    const before = performance.now()
    const cancel = await call("cluster", "cancel", "plain", "--cluster", address)
    assert.strictEqual(cancel.code, 0, cancel.output)
    const { code, output } = await cancelled
    // 5 s on an idle machine.
    assert.isBelow(performance.now() - before, 15_000)
    assert.strictEqual(code, 1, output)
    assert.match(output, /cancelled/)
    assert.strictEqual((await run())!["state"], "cancelled")
    // Its checkpoint came here.
    const checkpoints = join(cluster.folder, "submitted", "plain", String((await run())!["id"]), "checkpoints")
    assert.isNotEmpty((await readdir(checkpoints)).filter((name) => name.startsWith("step-")))
    const reached = await epoch()
    first.kill("SIGINT")
    await first.ended
    // Another machine resumes it.
    cluster.worker("two")
    const resumed = cluster.submit("submitted", args)
    await eventually(async () => (await run())?.["state"] === "leased" && (await epoch()) > 0, "an epoch")
    assert.isAtLeast(await epoch(), reached)
    await call("cluster", "cancel", "plain", "--cluster", address)
    assert.strictEqual((await resumed).code, 1)
    const removed = await call("cluster", "remove", "--cluster", address)
    assert.match(removed.output, /^removed from the database: plain-/)
    const left = await cluster.query(
      "select (select count(*)::int from effect_vae.run) as runs, (select count(*)::int from effect_vae.chunk) as chunks"
    )
    assert.deepStrictEqual(left, [{ runs: 0, chunks: 0 }])
  })

  it("is refused by a worker with other code or data, and trained by one with the same", async (test) => {
    const cluster = await Machines.open(test, server, "code")
    const copy = `./${join("test", "pipelines", "cluster", `Other${process.pid}Experiment.ts`)}`
    test.onTestFinished(() => rm(copy))
    const text = await readFile(plain, "utf8")
    await writeFile(copy, text)
    const submitted = cluster.submit("submitted", [copy, "--beta", "0,1"])
    await eventually(async () => (await cluster.runs()).length === 2, "submitted")
    await cluster.query(
      "update effect_vae.run set description = jsonb_set(description, '{data}', '\"other\"') where number = 2"
    )
    await writeFile(copy, `${text}// Changed.\n`)
    const other = cluster.worker("one")
    await other.until(/refuses run [0-9a-f]{12} of plain: its code differs: [0-9a-f]{12} here, [0-9a-f]{12} where/)
    await writeFile(copy, text)
    const same = cluster.worker("two")
    await same.until(/refuses run [0-9a-f]{12} of plain: its data differs: Synthetic at /)
    await eventually(async () => (await cluster.runs())[0]!["state"] === "done", "the first run is done")
    await eventually(async () => {
      const { refused_by, state } = (await cluster.runs())[1]!
      return state === "queued" && (refused_by as ReadonlyArray<string>).length === 2
    }, "both refuse the second run")
    await call("cluster", "cancel", "plain", "--cluster", cluster.address)
    const { code, output } = await submitted
    assert.strictEqual(code, 1, output)
    assert.match(output, /refuses run [0-9a-f]{12} of plain: its code differs/)
  })

  it("keeps its files in a shared folder on request, and exp clean removes unused ones", async (test) => {
    const cluster = await Machines.open(test, server, "shared")
    const folder = join(cluster.folder, "artifacts")
    const shared = ["--artifacts", folder]
    cluster.worker("one", shared)
    const submitted = await cluster.submit("submitted", ["--beta", "0", ...shared])
    assert.strictEqual(submitted.code, 0, submitted.output)
    const [chunks] = await cluster.query("select count(*)::int as n from effect_vae.chunk")
    assert.strictEqual(chunks!["n"], 0)

    // One folder per database.
    const [database, ...others] = await readdir(folder)
    assert.isEmpty(others)
    const stored = async () => (await filesOf(join(folder, database!))).map((path) => basename(path))
    const before = await stored()
    const unused = "ab".repeat(32)
    await mkdir(join(folder, database!, "ab"), { recursive: true })
    await writeFile(join(folder, database!, "ab", unused), "left by a killed worker")
    const clean = (...args: ReadonlyArray<string>) =>
      call("clean", "--yes", "--results", join(cluster.folder, "submitted"), "--cluster", cluster.address, ...args)
    assert.match((await clean()).output, /^no unused artifacts in 127\.0\.0\.1:\d+\/shared\n/)
    assert.include(await stored(), unused)
    const cleaned = await clean(...shared)
    assert.match(cleaned.output, /^to remove from .*\/shared: 1 artifact without a run, 23 B\nremoved 1 artifact\n/)
    assert.deepStrictEqual(await stored(), before)

    // Content that is not what its digest says is refused.
    const [artifact] = await cluster.query("select digest from effect_vae.file where path = 'metrics.ndjson'")
    const digest = String(artifact!["digest"])
    await writeFile(join(folder, database!, digest.slice(0, 2), digest), "damaged")
    const damaged = await cluster.submit("damaged", ["--beta", "0", ...shared])
    assert.strictEqual(damaged.code, 1, damaged.output)
    assert.include(damaged.output, `artifact ${digest.slice(0, 12)} has digest`)
  })

  it("starts again on another engine with --exact", needs(machineCode), async (test) => {
    const cluster = await Machines.open(test, server, "engines")
    const first = cluster.worker("one", ["--engine", "onnxruntime"])
    const submitted = cluster.submit("submitted", ["--beta", "0", "--epochs", "500", "--exact"])
    const checkpoints = () => cluster.query("select from effect_vae.file where path like 'checkpoints/step-%'")
    await eventually(async () => (await checkpoints().catch(() => [])).length > 0, "the run has a checkpoint")
    first.kill("SIGINT")
    await first.ended
    const second = cluster.worker("two", ["--engine", "native"])
    const { code, output } = await submitted
    assert.strictEqual(code, 0, output)
    assert.match(
      second.output(),
      /starts again, because --exact asks for one engine: engine\._tag is OnnxRuntime before/
    )
    const [run] = await cluster.runs()
    const path = join(cluster.folder, "submitted", "plain", String(run!["id"]), "manifest.json")
    const { earlier, engine, fromStep } = JSON.parse(await readFile(path, "utf8"))
    assert.deepStrictEqual([earlier, engine._tag, fromStep], [undefined, "Native", 0])
  })
})
