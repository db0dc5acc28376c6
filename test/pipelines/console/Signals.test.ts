/**
 * The command as a process that is sent SIGINT and SIGTERM.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { exp, whatIsLeft } from "../Command.ts"

const file = "./test/pipelines/console/SlowExperiment.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "effect-vae-signals-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const runIn = async (results: string) => {
  const names = (await readdir(join(results, "slow"))).filter((name) => /^[0-9a-f]{12}$/.test(name))
  assert.strictEqual(names.length, 1)
  const directory = join(results, "slow", names[0]!)
  const checkpoints = (await readdir(join(directory, "checkpoints")).catch(() => [])).sort()
  return { manifest: JSON.parse(await readFile(join(directory, "manifest.json"), "utf8")), checkpoints }
}

describe("a signal", () => {
  it("SIGTERM: saves a checkpoint within an epoch, and the same command resumes to the same bytes", async () => {
    const results = join(folder, "interrupted")
    const args = ["--checkpoint-every", "1h"]
    let sent = false
    const ended = await exp(file, results, args, {
      onOutput: (output, kill) => {
        if (!sent && output.includes("epoch 1/2")) kill("SIGTERM")
        sent ||= output.includes("epoch 1/2")
      }
    })
    assert.strictEqual(ended.code, 130, ended.output)
    const { checkpoints, manifest } = await runIn(results)
    assert.strictEqual(manifest.status, "interrupted")
    assert.strictEqual(manifest.exit.error, "Interrupted")
    const step = Number(/^step-(\d+)/.exec(checkpoints.at(-1) ?? "")?.[1])
    // Within the second epoch of 400 steps.
    assert.isAtLeast(step, 400)
    assert.isBelow(step, 800)
    const again = await exp(file, results, args)
    assert.strictEqual(again.code, 0, again.output)
    assert.include(again.output, `was interrupted and resumes from step ${step}`)
    const whole = join(folder, "whole")
    assert.strictEqual((await exp(file, whole, args)).code, 0)
    assert.deepStrictEqual(await whatIsLeft(results), await whatIsLeft(whole))
  })

  it("a second SIGINT exits immediately, even during uninterruptible work; two at once count as one", async () => {
    const results = join(folder, "twice")
    const args = ["--evaluation", "stubborn", "--epochs", "1"]
    let begun = false
    let sent = 0
    const ended = await exp(file, results, args, {
      onOutput: (output, kill) => {
        if (begun || !output.includes("stubborn")) return
        begun = true
        for (const delay of [0, 100, 1500]) {
          setTimeout(() => {
            sent += 1
            kill("SIGINT")
          }, delay)
        }
      }
    })
    assert.strictEqual(sent, 3)
    // Ten minutes before the evaluation ends, and not by the signal itself.
    assert.strictEqual(ended.code, 130, ended.output)
    assert.notInclude(ended.output, "interrupted")
    const { manifest } = await runIn(results)
    assert.strictEqual(manifest.status, "done")
  })
})
