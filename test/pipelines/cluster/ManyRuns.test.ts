/**
 * Many short runs are spread evenly, and no run is trained twice.
 *
 * `VAE_LONG_TESTS=1 vitest run test/pipelines/cluster/ManyRuns.test.ts` makes 1,000 runs with 4 workers and prints what a
 * run costs.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { amount, isLong } from "../../LongTests.ts"
import { needs } from "../../machine/Capability.ts"
import { postgres } from "../../machine/Postgres.ts"
import * as Machines from "./Machines.ts"
import { type PostgresServer, start } from "./PostgresServer.ts"

const count = amount(12, 1000)
const machines = amount(2, 4)

describe("many runs", needs(postgres), () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await start(postgres.value!)
  })
  afterAll(() => server.close())

  it(`are spread evenly: ${count} over ${machines} workers`, async (test) => {
    const cluster = await Machines.open(test, server, "many")
    const workers = Array.from({ length: machines }, (_, index) => cluster.worker(`${index}`))
    await Promise.all(workers.map(({ until }) => until(/takes runs/)))
    const statistics = async () =>
      (
        await cluster.query(
          "select (xact_commit + xact_rollback)::float8 as transactions, extract(epoch from now())::float8 as now from pg_stat_database where datname = 'many'"
        )
      )[0]!
    const before = await statistics()
    const seeds = Array.from({ length: count }, (_, seed) => seed).join(",")
    const experiment = "./test/pipelines/cluster/TinyExperiment.ts"
    const { code, output } = await cluster.submit("submitted", [experiment, "--seed", seeds])
    assert.strictEqual(code, 0, output)
    const after = await statistics()
    const rows = await cluster.query(
      "select worker, count(*)::int as runs, max(token)::int as token from effect_vae.run where state = 'done' group by worker"
    )
    assert.lengthOf(rows, machines)
    const shares = rows.map(({ runs }) => Number(runs))
    const sum = shares.reduce((sum, runs) => sum + runs, 0)
    assert.strictEqual(sum, count)
    // Each was leased once.
    const tokens = rows.map(({ token }) => token)
    assert.deepStrictEqual(tokens, Array(machines).fill(1))
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
