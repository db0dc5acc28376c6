/**
 * Many short runs: an even spread, and no run twice.
 *
 * `VAE_LONG_TESTS=1 vitest run test/pipelines/cluster/ManyRuns.test.ts` makes 1,000 runs with 4 workers and prints what a
 * run costs.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "@effect/vitest"
import { amount, isLong } from "../../LongTests.ts"
import { needs } from "../../machine/Capability.ts"
import { postgres } from "../../machine/Postgres.ts"
import { call, endAll, worker } from "./Machines.ts"
import { type PostgresServer, start } from "./PostgresServer.ts"

const count = amount(24, 1000)
const machines = amount(2, 4)

describe("many runs", needs(postgres), () => {
  let server: PostgresServer
  let folder = ""
  beforeAll(async () => {
    server = await start(postgres.value!)
    folder = await mkdtemp(join(tmpdir(), "effect-vae-many-"))
  })
  afterEach(endAll)
  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  it(`are spread evenly: ${count} over ${machines} workers`, async () => {
    const address = await server.database("many")
    const workers = Array.from({ length: machines }, (_, index) => worker(address, folder, `worker-${index}`))
    await Promise.all(workers.map(({ until }) => until(/takes runs/)))
    const statistics = async () =>
      (
        await server.query(
          address,
          "select (xact_commit + xact_rollback)::float8 as transactions, extract(epoch from now())::float8 as now from pg_stat_database where datname = 'many'"
        )
      )[0]!
    const before = await statistics()
    const seeds = Array.from({ length: count }, (_, seed) => seed).join(",")
    const experiment = "./test/pipelines/cluster/TinyExperiment.ts"
    const { code, output } = await call(
      experiment,
      "--seed",
      seeds,
      "--cluster",
      address,
      "--results",
      join(folder, "submitter")
    )
    assert.strictEqual(code, 0, output)
    const after = await statistics()
    const rows = await server.query(
      address,
      "select worker, count(*)::int as runs, max(token)::int as token from effect_vae.run where state = 'done' group by worker"
    )
    assert.lengthOf(rows, machines)
    const shares = rows.map(({ runs }) => Number(runs))
    assert.strictEqual(
      shares.reduce((sum, runs) => sum + runs, 0),
      count
    )
    // Each was leased once.
    assert.deepStrictEqual(
      rows.map(({ token }) => token),
      Array(machines).fill(1)
    )
    // On a busy machine one worker may get little of it.
    for (const share of shares) assert.isAbove(share, count / machines / 3, `${shares}`)
    if (isLong) {
      const [transactions, seconds] = ["transactions", "now"].map((name) => Number(after[name]) - Number(before[name]))
      process.stdout.write(
        `${count} runs, ${shares} per worker: ${(seconds! / count).toFixed(3)} s and ${(transactions! / count).toFixed(1)} transactions per run\n`
      )
    }
  })
})
