/**
 * The command is killed at moments drawn from a seed and given again, until it is done; then everything that it leaves is
 * compared, byte for byte, with what a command leaves that was never killed.
 *
 * `VAE_LONG_TESTS=1 vitest run test/pipelines/sweep/Kill.test.ts` kills it 100 times and prints where it was hit.
 */
import { existsSync } from "node:fs"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { uniform } from "../../../src/core/Random.ts"
import { amount, isLong } from "../../LongTests.ts"
import { type Ended, exp, filesOf, isLeftOver, whatIsLeft } from "../Command.ts"

const kills = amount(5, 100)

/** Kills until the command is left to come to its end. */
const killsARound = 5

/** How often the state is kept shapes nothing: at ends of epochs, seldom, within epochs. */
const frequencies = ["1epoch", "5epochs", "0.05s"]

const file = "./test/pipelines/sweep/KilledExperiment.ts"

/** Far above the few hundred changes of files that one command makes. */
const mostChanges = 400

let folder = ""
let whole: Ended
let expected: Readonly<Record<string, string>> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "effect-vae-kill-"))
  whole = await exp(file, join(folder, "whole"), [])
  expected = await whatIsLeft(join(folder, "whole"))
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const json = async (path: string) => JSON.parse(await readFile(path, "utf8"))

/** Where a command was when it was killed, by what it left. */
const phaseOf = async (results: string): Promise<string> => {
  const directory = join(results, "killed")
  const runs = (await readdir(directory).catch(() => [])).filter((name) => /^[0-9a-f]{12}$/.test(name))
  const manifests = runs.map((run) => join(directory, run, "manifest.json")).filter(existsSync)
  const statuses = await Promise.all(manifests.map(async (path) => (await json(path)).status))
  if (statuses.includes("running")) return "training"
  if (manifests.length === 0) return "before the first manifest"
  const evaluations = await Promise.all(
    runs.map(async (run) => (await readdir(join(directory, run, "evaluations")).catch(() => [])).length)
  )
  if (evaluations.some((count) => count < 5)) return manifests.length < 2 ? "between the runs" : "evaluating"
  return "reporting"
}

const count = (counts: Record<string, number>, name: string) => {
  counts[name] = (counts[name] ?? 0) + 1
}

describe("a killed command", () => {
  it("is complete without kills", () => {
    assert.strictEqual(whole.code, 0, whole.output)
    for (const name of ["metrics.ndjson", "best.safetensors", "curves.vl.json", "encoder.onnx", "summary.csv"]) {
      assert.isTrue(
        Object.keys(expected).some((path) => path.endsWith(name)),
        name
      )
    }
  })

  it(
    `given again, resumes to the same bytes after ${kills} kills`,
    async () => {
      const phases: Record<string, number> = {}
      let killings = 0
      let commands = 0
      for (let round = 0; killings < kills; round++) {
        const results = join(folder, `round-${round}`)
        const draws = uniform({ seed: 1, stream: "kills", step: round }, 3 * (killsARound + 1))
        let ended: Ended
        for (let attempt = 0; ; attempt++) {
          const [how = 0, when = 0, kept = 0] = draws.subarray(3 * attempt, 3 * attempt + 3)
          const args = ["--checkpoint-every", frequencies[Math.floor(kept * frequencies.length)]!]
          const last = attempt === killsARound || killings === kills
          commands += 1
          if (last) {
            ended = await exp(file, results, args)
          } else if (how < 0.5) {
            ended = await exp(file, results, args, { killAfter: (0.1 + 0.9 * when) * whole.milliseconds })
          } else {
            // Right after a file has changed, so that the moments between writes are hit.
            const fatal = Math.floor(mostChanges * when * when)
            ended = await exp(file, results, args, {
              onChange: (changes, kill) => {
                if (changes === fatal) kill("SIGKILL")
              }
            })
          }
          if (ended.signal !== "SIGKILL") break
          killings += 1
          count(phases, await phaseOf(results))
          if ((await filesOf(results)).some(isLeftOver)) count(phases, "in the middle of a write")
        }
        assert.strictEqual(ended.code, 0, ended.output)
        assert.deepStrictEqual(await whatIsLeft(results), expected, `round ${round}`)
        const runs = (await readdir(join(results, "killed"))).filter((name) => /^[0-9a-f]{12}$/.test(name))
        for (const run of runs) {
          const manifest = await json(join(results, "killed", run, "manifest.json"))
          assert.strictEqual(manifest.status, "done")
          // Each part begins where the one before could go on.
          const steps = [...(manifest.earlier ?? []), manifest].map((part) => part.fromStep)
          assert.deepStrictEqual(
            steps,
            [...new Set(steps)].sort((left, right) => left - right)
          )
          assert.strictEqual(steps[0], 0)
          assert.isEmpty((await filesOf(join(results, "killed", run))).filter(isLeftOver))
        }
        await rm(results, { recursive: true, force: true })
      }
      if (isLong) process.stdout.write(`${killings} kills of ${commands} commands: ${JSON.stringify(phases)}\n`)
    },
    // On a busy machine.
    amount(10, 60) * 60_000
  )
})
