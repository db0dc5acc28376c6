/**
 * `--jobs`: real commands with their workers.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { exp, whatIsLeft } from "../Command.ts"

const file = "./test/pipelines/sweep/SharedExperiment.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "effect-vae-jobs-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const json = async (...path: ReadonlyArray<string>) => JSON.parse(await readFile(join(...path), "utf8"))

const runsIn = async (results: string): Promise<ReadonlyArray<string>> =>
  (await readdir(join(results, "shared"))).filter((name) => /^[0-9a-f]{12}$/.test(name))

const manifests = async (results: string) =>
  Promise.all((await runsIn(results)).map((run) => json(results, "shared", run, "manifest.json")))

/** Parameters, optimiser state, histories, models, numbers and figures, but not on how many threads they were computed. */
const numbers = async (results: string) => {
  const whole = Object.entries(await whatIsLeft(results))
  return whole.filter(([path]) => /\.(safetensors|ndjson|onnx|csv|png|svg|vl\.json)$/.test(path))
}

/** Processes that have runs. */
const owners = async (results: string): Promise<ReadonlyArray<number>> => {
  const names = (await readdir(join(results, ".locks"))).filter((name) => !name.startsWith("."))
  return Promise.all(names.map(async (name) => (await json(results, ".locks", name)).process.pid))
}

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Calls back once both workers are in training. */
const whenBothTrain = (then: () => void) => {
  let called = false
  return (output: string) => {
    if (called || !/run 1 of \d .* epoch 2\//.test(output) || !/run 2 of \d .* epoch 2\//.test(output)) return
    called = true
    then()
  }
}

const runs = ["--beta", "0,1,2", "--epochs", "3000"]
const long = ["--jobs", "2", ...runs]

describe("--jobs", () => {
  it("gives the bytes of one process, with one summary and one display", async () => {
    const [jobs, alone] = [join(folder, "jobs"), join(folder, "alone")]
    const args = ["--beta", "0,1,2"]
    const { code, output } = await exp(file, jobs, ["--jobs", "2", ...args])
    assert.strictEqual(code, 0, output)
    assert.strictEqual(output.match(/^engine: /gm)?.length, 1, output)
    for (const run of [1, 2, 3]) assert.match(output, new RegExp(`^run ${run} of 3 · beta=\\d · epoch 5/5 · `, "m"))
    assert.strictEqual(output.match(/^ +\d .* done$/gm)?.length, 3, output)
    assert.deepStrictEqual(await readdir(join(jobs, ".locks")), [])
    await exp(file, alone, args)
    const expected = await numbers(alone)
    assert.isAbove(expected.length, 30)
    assert.deepStrictEqual(await numbers(jobs), expected)
    const threads = async (results: string) => (await manifests(results)).map(({ engine }) => engine.threads)
    const all = (await threads(alone))[0]
    assert.deepStrictEqual(await threads(jobs), Array(3).fill(Math.max(1, Math.floor(all / 2))))
    // Nothing is left to do, and no worker is started.
    const again = await exp(file, jobs, ["--jobs", "2", ...args])
    assert.strictEqual(again.output.match(/already done/g)?.length, 3, again.output)
    assert.notInclude(again.output, "engine:")
  })

  it("SIGINT: both runs are saved, exit code 130, and the same command resumes them", async () => {
    const results = join(folder, "interrupted")
    let workers: ReadonlyArray<number> = []
    let interrupt = () => {}
    const both = whenBothTrain(() => void owners(results).then((pids) => ((workers = pids), interrupt())))
    const { code, output } = await exp(file, results, long, {
      onOutput: (output, kill) => {
        interrupt = () => kill("SIGINT")
        both(output)
      }
    })
    assert.strictEqual(code, 130, output)
    assert.strictEqual(workers.length, 2)
    assert.deepStrictEqual(workers.filter(lives), [])
    assert.deepStrictEqual(await owners(results), [])
    const statuses = (await json(results, "shared", "summary.json")).runs.map((run: any) => run.status)
    assert.deepStrictEqual(statuses, ["interrupted", "interrupted"])
    for (const { id, status } of await manifests(results)) {
      assert.strictEqual(status, "interrupted")
      const kept = await readdir(join(results, "shared", id, "checkpoints"))
      assert.isTrue(kept.some((name) => name.startsWith("step-")))
    }
    const again = await exp(file, results, runs, {
      onOutput: (output, kill) => {
        if (/resumes from step [1-9]/.test(output)) kill("SIGKILL")
      }
    })
    assert.match(again.output, /was interrupted and resumes from step [1-9]/)
  })

  it("a killed worker loses one run, the others finish, and the same command trains it", async () => {
    const results = join(folder, "crashed")
    const args = ["--jobs", "2", "--beta", "0,1,2", "--epochs", "40", "--checkpoint-every", "1epoch"]
    let killed = 0
    const { code, output } = await exp(file, results, args, {
      onOutput: whenBothTrain(() => {
        void owners(results).then(([pid]) => {
          killed = pid!
          process.kill(killed, "SIGKILL")
        })
      })
    })
    assert.strictEqual(code, 1, output)
    const reason = new RegExp(
      `^error: run \\d of 3 · beta=\\d: process ${killed} was ended by SIGKILL while it trained the run$`,
      "m"
    )
    assert.match(output, reason)
    const { runs } = await json(results, "shared", "summary.json")
    assert.deepStrictEqual(runs.map((run: any) => run.status).sort(), ["done", "done", "failed"])
    const again = await exp(file, results, args)
    assert.strictEqual(again.code, 0, again.output)
    assert.strictEqual(again.output.match(/already done/g)?.length, 2)
    assert.match(again.output, /is taken over: process \d+ on \S+, which had it, has ended/)
    assert.match(again.output, /was killed and resumes from step [1-9]/)
  })

  it("workers of a killed command interrupt their runs and exit", async () => {
    const results = join(folder, "orphans")
    let workers: ReadonlyArray<number> = []
    let kill = () => {}
    const both = whenBothTrain(() => void owners(results).then((pids) => ((workers = pids), kill())))
    await exp(file, results, long, {
      onOutput: (output, signal) => {
        kill = () => signal("SIGKILL")
        both(output)
      }
    })
    assert.strictEqual(workers.length, 2)
    while (workers.some(lives)) await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepStrictEqual(
      (await manifests(results)).map(({ status }) => status),
      ["interrupted", "interrupted"]
    )
    assert.deepStrictEqual(await owners(results), [])
  })

  it("an invalid number is refused", async () => {
    for (const jobs of ["0", "two"]) {
      const { code, output } = await exp(file, join(folder, "refused"), [`--jobs=${jobs}`])
      assert.strictEqual(code, 2, output)
      assert.match(output, /--jobs/)
    }
  })
})
