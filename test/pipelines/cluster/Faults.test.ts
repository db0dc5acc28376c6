/**
 * Workers, submitters and the database are ended, stopped and cut off; every run comes to the bits of a run that was left
 * alone, and is written once.
 *
 * `VAE_LONG_TESTS=1 vitest run test/pipelines/cluster/Faults.test.ts` kills 100 times.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "@effect/vitest"
import { uniform } from "../../../src/core/Random.ts"
import { amount, isLong } from "../../LongTests.ts"
import { needs } from "../../machine/Capability.ts"
import { linux } from "../../machine/Linux.ts"
import { postgres } from "../../machine/Postgres.ts"
import { whatIsLeft } from "../Command.ts"
import {
  call,
  endAll,
  eventually,
  exp,
  file,
  leaseSeconds,
  local,
  type Machine,
  submit,
  submitter,
  worker
} from "./Machines.ts"
import { childrenOf, type PostgresServer, start } from "./PostgresServer.ts"

/** Long enough to be hit, in a few seconds. */
const args = ["--beta", "0,1", "--epochs", "300"]

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe("a sweep under faults", needs(postgres, linux), () => {
  let server: PostgresServer
  let folder = ""
  let expected: Readonly<Record<string, string>> = {}
  beforeAll(async () => {
    server = await start(postgres.value!)
    folder = await mkdtemp(join(tmpdir(), "effect-vae-faults-"))
    const { code, output } = await local(folder, "alone", args)
    assert.strictEqual(code, 0, output)
    expected = await whatIsLeft(join(folder, "alone"))
  }, 180_000)
  afterEach(endAll)
  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const runs = (address: string) => server.query(address, "select * from effect_vae.run order by number")
  /** Waits until a run of the sweep is in training at some worker; gives that worker's id. */
  const inTraining = async (address: string): Promise<string> => {
    let found: string | undefined
    await eventually(async () => {
      const rows = await runs(address).catch(() => [])
      const run = rows.find(({ standing, state }) => state === "leased" && standing !== null)
      found = run === undefined ? undefined : String(run["worker"])
      return found !== undefined
    }, "a run is in training")
    return found!
  }
  const isOf = (id: string) => (machine: Machine) => id.includes(`/${machine.pid}-`)

  it(
    `finishes every run once, whoever is killed (${amount(5, 100)} times)`,
    async () => {
      for (let round = 0; round * 5 < amount(5, 100); round++) {
        const address = await server.database(`kill-${round}`)
        const draws = uniform({ seed: 2, stream: "cluster kills", step: round }, 10)
        const name = `kill-${round}`
        let workers: ReadonlyArray<Machine> = [0, 1].map((index) => worker(address, folder, `${name}-${index}`))
        let commands = submitter(address, folder, name, args)
        for (let kill = 0; kill < 5; kill++) {
          const [who = 0, when = 0] = draws.subarray(2 * kill, 2 * kill + 2)
          if ((await runs(address).catch(() => [])).some(({ state }) => state !== "done")) await inTraining(address)
          await pause(1000 * when)
          if (who < 0.7) {
            const index = Math.floor(2 * (who / 0.7))
            workers[index]!.kill("SIGKILL")
            const next = worker(address, folder, `${name}-${index}-${kill}`)
            workers = workers.map((machine, place) => (place === index ? next : machine))
          }
          if (who > 0.4) {
            commands.kill("SIGKILL")
            await commands.ended
            commands = submitter(address, folder, name, args)
          }
        }
        assert.strictEqual(await commands.ended, 0, commands.output())
        assert.deepStrictEqual(await whatIsLeft(join(folder, name)), expected, `round ${round}`)
        assert.deepStrictEqual(
          (await runs(address)).map(({ state }) => state),
          ["done", "done"]
        )
        await endAll()
      }
    },
    amount(4, 60) * 60_000
  )

  it("is not written to by a worker that was stopped for longer than its lease", async () => {
    const address = await server.database("stopped")
    const first = worker(address, folder, "stopped-1")
    await first.until(/takes runs/)
    const result = submit(address, folder, "stopped", args)
    const id = await inTraining(address)
    assert.isTrue(isOf(id)(first))
    // The process and what computes for it.
    const group = [first.pid, ...childrenOf(first.pid)]
    group.forEach((pid) => process.kill(pid, "SIGSTOP"))
    const stolen = (await runs(address)).find(({ worker }) => worker === id)!
    worker(address, folder, "stopped-2")
    await eventually(async () => {
      const run = (await runs(address)).find(({ id }) => id === stolen["id"])!
      return run["worker"] !== id && run["state"] === "leased" && run["standing"] !== null
    }, "another worker has the run")
    group.forEach((pid) => process.kill(pid, "SIGCONT"))
    await first.until(new RegExp(`the lease on run ${stolen["id"]} is lost`))
    const { code, output } = await result
    assert.strictEqual(code, 0, output)
    assert.deepStrictEqual(await whatIsLeft(join(folder, "stopped")), expected)
    const run = (await runs(address)).find(({ id }) => id === stolen["id"])!
    assert.strictEqual(run["token"], Number(stolen["token"]) + 1)
  })

  it("waits while connections are cut and the database is away", async () => {
    const address = await server.database("away")
    const machine = worker(address, folder, "away-1")
    const result = submit(address, folder, "away", args)
    for (let cut = 0; cut < 3; cut++) {
      await inTraining(address)
      await server.query(
        address.replace(/[^/]*$/, "postgres"),
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'away'"
      )
      await pause(200)
    }
    const before = (await runs(address)).map(({ token }) => token)
    // For longer than a lease: nobody could have heard the worker.
    await server.restart({ crash: true, milliseconds: (leaseSeconds + 1) * 1000 })
    const { code, output } = await result
    assert.strictEqual(code, 0, output)
    assert.deepStrictEqual(await whatIsLeft(join(folder, "away")), expected)
    assert.match(machine.output(), /away does not answer .*; waiting/)
    assert.match(machine.output(), /away answers again/)
    // No run changed hands.
    assert.deepStrictEqual(before.length, 2)
    assert.deepStrictEqual(
      (await runs(address)).map(({ token }) => token),
      [1, 1]
    )
  })

  it("fails a run that ends its process every time, after three tries, and finishes the others", async () => {
    const address = await server.database("poison")
    const poison = join("test", "pipelines", "cluster", `Poison${process.pid}Experiment.ts`)
    // The process that makes the run of beta 1 kills itself.
    const text = await readFile(file, "utf8")
    await writeFile(
      poison,
      text.replace(
        "run: ({ beta, epochs, learningRate }) => ({",
        `run: ({ beta, epochs, learningRate }) => (process.env["VAE_WORKER_THREADS"] && beta === 1 && process.kill(process.pid, "SIGKILL"), {`
      )
    )
    try {
      const machine = worker(address, folder, "poison-1")
      await machine.until(/takes runs/)
      const { code, output } = await call(
        `./${poison}`,
        "--beta",
        "0,1,2",
        "--cluster",
        address,
        "--results",
        join(folder, "poison")
      )
      assert.strictEqual(code, 1, output)
      assert.match(output, /beta=1: process \d+ was ended by SIGKILL while it trained the run/)
      const states = (await runs(address)).map(({ state, tries }) => [state, tries])
      assert.deepStrictEqual(states, [
        ["done", 1],
        ["failed", 3],
        ["done", 1]
      ])
    } finally {
      await rm(poison)
    }
  })

  // Half a minute each, spent waiting for leases to end.
  if (isLong) {
    it("gives a run to another worker where a disk takes no more", async () => {
      const address = await server.database("disk")
      // No file may have more than 16 KiB.
      const small = exp(
        ["worker", "--cluster", address, "--results", join(folder, "disk-1"), "--checkpoint-every", "0.3s"],
        {},
        ["sh", "-c", 'ulimit -f 32; exec "$@"', "sh", process.execPath]
      )
      await small.until(/takes runs/)
      const result = submit(address, folder, "disk", args)
      await eventually(
        async () =>
          (await runs(address).catch(() => [])).some(({ failed_on }) => (failed_on as Array<string>).length > 0),
        "a run fails"
      )
      worker(address, folder, "disk-2")
      const { code, output } = await result
      assert.strictEqual(code, 0, output)
      assert.deepStrictEqual(await whatIsLeft(join(folder, "disk")), expected)
      assert.match(small.output(), /cannot be written/)
    })

    it("fails a run whose worker is killed every time", async () => {
      const address = await server.database("fatal")
      const command = exp([
        file,
        "--beta",
        "1",
        "--epochs",
        "100000",
        "--cluster",
        address,
        "--results",
        join(folder, "fatal")
      ])
      for (let tries = 1; tries <= 3; tries++) {
        // Without a checkpoint there is no progress.
        const machine = worker(address, folder, `fatal-${tries}`, ["--checkpoint-every", "1h"])
        await eventually(
          async () =>
            (await runs(address).catch(() => [])).some((run) => run["tries"] === tries && run["state"] === "leased"),
          `try ${tries}`
        )
        machine.kill("SIGKILL")
        await machine.ended
      }
      const bystander = worker(address, folder, "fatal-4")
      assert.strictEqual(await command.ended, 1, command.output())
      assert.match(command.output(), /the worker that made it fell silent 3 times without progress/)
      bystander.kill("SIGINT")
      await bystander.ended
    })
  }
})
