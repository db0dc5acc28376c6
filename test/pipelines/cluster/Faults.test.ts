/**
 * Workers, submitters and the database are killed, stopped and disconnected; every run ends with the bits of an undisturbed
 * run, and is written once.
 *
 * `VAE_LONG_TESTS=1 vitest run test/pipelines/cluster/Faults.test.ts` kills 100 times.
 */
import { readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { uniform } from "../../../src/core/Random.ts"
import { amount, isLong } from "../../LongTests.ts"
import { needs } from "../../machine/Capability.ts"
import { linux } from "../../machine/Linux.ts"
import { postgres } from "../../machine/Postgres.ts"
import { whatIsLeft } from "../Command.ts"
import * as Machines from "./Machines.ts"
import { call, concurrently, eventually, type Machine, pause, plain } from "./Machines.ts"
import { childrenOf, type PostgresServer, start } from "./PostgresServer.ts"

/** Runs that take long enough to be hit. */
const args = ["--beta", "0,1", "--epochs", "300"]

describe("a sweep under faults", { ...concurrently, ...needs(postgres, linux) }, () => {
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
  }, 180_000)
  afterAll(() => server.close())

  const isOf = (id: string) => (machine: Machine) => id.includes(`/${machine.pid}-`)

  for (let round = 0; round * 5 < amount(5, 100); round++) {
    it(`finishes every run once, whichever processes are killed (kills ${5 * round + 1} to ${5 * round + 5})`, async (test) => {
      const cluster = await Machines.open(test, server, `kill-${round}`, { lease: 2 })
      const draws = uniform({ seed: 2, stream: "cluster kills", step: round }, 10)
      let workers: ReadonlyArray<Machine> = [0, 1].map((index) => cluster.worker(`${index}`))
      let submitter = cluster.submitter("submitted", args)
      for (let kill = 0; kill < 5; kill++) {
        const [who = 0, when = 0] = draws.subarray(2 * kill, 2 * kill + 2)
        const runs = await cluster.runs()
        if (runs.length === 0 || runs.some(({ state }) => state !== "done")) await cluster.inTraining()
        await pause(1000 * when)
        if (who < 0.7) {
          const index = Math.floor(2 * (who / 0.7))
          workers[index]!.kill("SIGKILL")
          const next = cluster.worker(`${index}-${kill}`)
          workers = workers.map((machine, place) => (place === index ? next : machine))
        }
        if (who > 0.4) {
          submitter.kill("SIGKILL")
          await submitter.ended
          submitter = cluster.submitter("submitted", args)
        }
      }
      assert.strictEqual(await submitter.ended, 0, submitter.output())
      assert.deepStrictEqual(await whatIsLeft(join(cluster.folder, "submitted")), expected)
      const states = (await cluster.runs()).map(({ state }) => state)
      assert.deepStrictEqual(states, ["done", "done"])
    })
  }

  it("rejects the writes of a worker that was stopped for longer than its lease", async (test) => {
    const cluster = await Machines.open(test, server, "stopped", { lease: 3 })
    const first = cluster.worker("1")
    const result = cluster.submit("submitted", args)
    const id = await cluster.inTraining()
    assert.isTrue(isOf(id)(first))
    // The process and what computes for it.
    const group = [first.pid, ...childrenOf(first.pid)]
    group.forEach((pid) => process.kill(pid, "SIGSTOP"))
    const stolen = (await cluster.runs()).find(({ worker }) => worker === id)!
    const theRun = async () => (await cluster.runs()).find(({ id }) => id === stolen["id"])!
    cluster.worker("2")
    await eventually(async () => {
      const run = await theRun()
      return run["worker"] !== id && run["state"] === "leased" && run["progress"] !== null
    }, "another worker has the run")
    group.forEach((pid) => process.kill(pid, "SIGCONT"))
    await first.until(new RegExp(`the lease on run ${stolen["id"]} is lost`))
    const { code, output } = await result
    assert.strictEqual(code, 0, output)
    assert.deepStrictEqual(await whatIsLeft(join(cluster.folder, "submitted")), expected)
    assert.strictEqual((await theRun())["token"], Number(stolen["token"]) + 1)
  })

  it("waits while connections are cut and while the database is down", async (test) => {
    const server = await start(postgres.value!)
    test.onTestFinished(server.close)
    const lease = 5
    const cluster = await Machines.open(test, server, "away", { lease })
    const worker = cluster.worker("1")
    const result = cluster.submit("submitted", args)
    for (let cut = 0; cut < 3; cut++) {
      await cluster.inTraining()
      await server.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'away'")
      await pause(200)
    }
    const before = (await cluster.runs()).length
    // For longer than a lease: nobody could have heard the worker.
    await server.restart({ crash: true, milliseconds: (lease + 1) * 1000 })
    const { code, output } = await result
    assert.strictEqual(code, 0, output)
    assert.deepStrictEqual(await whatIsLeft(join(cluster.folder, "submitted")), expected)
    assert.match(worker.output(), /away does not answer .*; waiting/)
    assert.match(worker.output(), /away answers again/)
    // No run changed hands.
    assert.strictEqual(before, 2)
    const tokens = (await cluster.runs()).map(({ token }) => token)
    assert.deepStrictEqual(tokens, [1, 1])
  })

  it("fails a run that ends its process every time, after three tries, and finishes the others", async (test) => {
    const cluster = await Machines.open(test, server, "poison")
    const poison = `./${join("test", "pipelines", "cluster", `Poison${process.pid}Experiment.ts`)}`
    test.onTestFinished(() => rm(poison))
    // The process that trains the run of beta 1 kills itself.
    const text = await readFile(plain, "utf8")
    await writeFile(
      poison,
      text.replace(
        "run: ({ beta, epochs }) => ({",
        `run: ({ beta, epochs }) => (process.env["VAE_WORKER_THREADS"] && beta === 1 && process.kill(process.pid, "SIGKILL"), {`
      )
    )
    cluster.worker("1")
    const { code, output } = await cluster.submit("submitted", [poison, "--beta", "0,1,2"])
    assert.strictEqual(code, 1, output)
    assert.match(output, /beta=1: process \d+ was ended by SIGKILL while it trained the run/)
    const states = (await cluster.runs()).map(({ state, tries }) => [state, tries])
    assert.deepStrictEqual(states, [
      ["done", 1],
      ["failed", 3],
      ["done", 1]
    ])
  })

  // Half a minute each, spent waiting for leases to end and between tries.
  if (isLong) {
    it("moves a run to another worker when a disk is full", async (test) => {
      const cluster = await Machines.open(test, server, "disk")
      // No file may have more than 16 KiB.
      const small = cluster.worker("1", [], { by: ["sh", "-c", 'ulimit -f 32; exec "$@"', "sh"] })
      // Both wait, so that each takes one of the two runs.
      await Promise.all([small, cluster.worker("2")].map(({ until }) => until(/takes runs/)))
      const { code, output } = await cluster.submit("submitted", args)
      assert.strictEqual(code, 0, output)
      const failedOn = (await cluster.runs()).flatMap(({ failed_on }) => failed_on as ReadonlyArray<string>)
      assert.isNotEmpty(failedOn)
      assert.isTrue(failedOn.every((id) => isOf(id)(small)))
      assert.deepStrictEqual(await whatIsLeft(join(cluster.folder, "submitted")), expected)
      assert.match(small.output(), /cannot be written/)
    })

    it("fails a run whose worker is killed every time", async (test) => {
      const cluster = await Machines.open(test, server, "fatal", { lease: 3 })
      const submitter = cluster.submitter("submitted", ["--beta", "1", "--epochs", "100000"])
      for (let tries = 1; tries <= 3; tries++) {
        // Without a checkpoint there is no progress.
        const worker = cluster.worker(`${tries}`, ["--checkpoint-every", "1h"])
        const isTried = (run: Record<string, unknown>) => run["tries"] === tries && run["state"] === "leased"
        await eventually(async () => (await cluster.runs()).some(isTried), `try ${tries}`)
        worker.kill("SIGKILL")
        await worker.ended
      }
      const bystander = cluster.worker("4")
      assert.strictEqual(await submitter.ended, 1, submitter.output())
      assert.match(submitter.output(), /its worker stopped responding 3 times without a new checkpoint/)
      bystander.kill("SIGINT")
      await bystander.ended
    })
  }
})
