/**
 * Several processes on the same runs: real commands on one results folder.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type Ended, exp, whatIsLeft } from "./Command.ts"

const shared = "./test/pipelines/SharedExperiment.ts"
const other = "./test/pipelines/OtherExperiment.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "effect-vae-share-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const summaryOf = async (results: string, name: string) =>
  JSON.parse(await readFile(join(results, name, "summary.json"), "utf8"))

/** Ids of the runs that a command trained. */
const trainedBy = ({ output }: Pick<Ended, "output">): ReadonlyArray<string> =>
  [...output.matchAll(/^run ([0-9a-f]{12})\b.* is trained$/gm)].map(([, id]) => id!)

const runsIn = async (results: string): Promise<ReadonlyArray<string>> =>
  (await readdir(results, { recursive: true })).filter((path) => /[0-9a-f]{12}[\\/]manifest\.json$/.test(path))

/** Each run was trained once, by one of the commands; each command tells of all of its runs. */
const assertShared = async (results: string, commands: ReadonlyArray<Ended>) => {
  for (const { code, output } of commands) {
    assert.strictEqual(code, 0, output)
    const [, told] = /^(\d+) runs in /m.exec(output) ?? []
    assert.strictEqual(output.match(/^ +\d .* done$/gm)?.length, Number(told), output)
  }
  const trained = commands.flatMap(trainedBy)
  assert.strictEqual(new Set(trained).size, trained.length)
  assert.deepStrictEqual((await runsIn(results)).map((path) => path.split(/[\\/]/).at(-2)).sort(), [...trained].sort())
  assert.deepStrictEqual(await readdir(join(results, ".locks")), [])
  return trained
}

const assertWhole = async (results: string, name: string, betas: ReadonlyArray<number>) => {
  const { runs } = await summaryOf(results, name)
  assert.deepStrictEqual(
    runs.map((run: any) => run.parameters.beta),
    betas
  )
  for (const run of runs) {
    assert.strictEqual(run.status, "done")
    assert.isTrue(Number.isFinite(run.metrics["test/elbo"]))
    assert.include(await readdir(join(results, name, run.directory)), "manifest.json")
  }
}

describe("processes on the same runs", () => {
  it("two on one sweep: each run is made once, and both summaries are whole and the same", async () => {
    const results = join(folder, "two")
    const commands = await Promise.all([exp(shared, results, []), exp(shared, results, [])])
    assert.strictEqual((await assertShared(results, commands)).length, 4)
    await assertWhole(results, "shared", [0, 1, 2, 3])
    // Alone, one leaves the same.
    const alone = join(folder, "alone")
    await exp(shared, alone, [])
    assert.deepStrictEqual(await whatIsLeft(results), await whatIsLeft(alone))
  })

  it("four on two sweeps that have runs in common", async () => {
    const results = join(folder, "four")
    const commands = await Promise.all([shared, other, shared, other].map((file) => exp(file, results, [])))
    assert.strictEqual((await assertShared(results, commands)).length, 5)
    await assertWhole(results, "shared", [0, 1, 2, 3])
    await assertWhole(results, "other", [2, 3, 4])
  })

  it("those that wait take a run over whose process is killed or interrupted, not one that is suspended", async () => {
    const results = join(folder, "taken-over")
    const args = ["--beta", "1", "--epochs", "60", "--checkpoint-every", "1epoch"]
    const makers: Array<(signal: NodeJS.Signals) => void> = []
    let waiting = 0
    // The first one is suspended until both others wait, and is then killed; the second one is interrupted.
    const next = () => {
      if (makers.length === 1) makers[0]!(waiting < 2 ? "SIGSTOP" : "SIGKILL")
      if (makers.length === 2) makers[1]!("SIGINT")
    }
    const command = () => {
      let makes = false
      let waits = false
      return exp(shared, results, args, {
        onOutput: (output, kill) => {
          const before = [makes, waits]
          makes ||= /epoch \d+\/60/.test(output)
          waits ||= /is being made by process \d+ on .*; waiting/.test(output)
          if (makes && !before[0]) makers.push(kill)
          if (waits && !before[1]) waiting += 1
          if (makes !== before[0] || waits !== before[1]) next()
        }
      })
    }
    const commands = await Promise.all([command(), command(), command()])
    const outputs = commands.map(({ output }) => output).join("\n")
    assert.strictEqual(makers.length, 3, outputs)
    const ends = commands.map(({ code, signal }) => signal ?? String(code)).sort()
    assert.deepStrictEqual(ends, ["0", "130", "SIGKILL"], outputs)
    assert.strictEqual(outputs.match(/ is taken over: process \d+ on \S+, which had it, has ended$/gm)?.length, 1)
    assert.match(outputs, /was killed and goes on from step [1-9]/)
    assert.match(outputs, /was interrupted and goes on from step [1-9]/)
    const [path] = await runsIn(results)
    const manifest = JSON.parse(await readFile(join(results, path!), "utf8"))
    assert.strictEqual(manifest.status, "done")
    assert.strictEqual(manifest.earlier.length, 2)
    assert.deepStrictEqual(await readdir(join(results, ".locks")), [])
    await assertWhole(results, "shared", [1])
  })

  it("--force by two makes each run once more", async () => {
    const results = join(folder, "two")
    const commands = await Promise.all([exp(shared, results, ["--force"]), exp(shared, results, ["--force"])])
    const trained = commands.flatMap(trainedBy)
    for (const { code, output } of commands) assert.strictEqual(code, 0, output)
    assert.strictEqual(new Set(trained).size, 4)
    // Which of them began later has only what was finished after it began for done.
    const asides = (await readdir(join(results, "shared"))).filter((name) => name.includes(".attempt-"))
    assert.strictEqual(asides.length, trained.length)
    assert.isAtMost(trained.length, 8)
  })
})
