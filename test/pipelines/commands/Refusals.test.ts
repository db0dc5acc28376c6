/**
 * Command lines and files that are refused before anything is written.
 */
import { existsSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { exp } from "./Calls.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "effect-vae-refusals-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const refusals: ReadonlyArray<readonly [string, ReadonlyArray<string>, RegExp]> = [
  ["an unknown experiment", ["beta-sweeep"], /no such experiment\. Did you mean "beta-sweep"\?/],
  ["an unknown parameter", ["beta-sweep", "--betta", "1"], /--betta[^]*--beta\b/],
  ["a value out of range", ["beta-sweep", "--beta", "0,-1"], /--beta -1: .*greater than or equal to 0/],
  ["a value that is no number", ["beta-sweep", "--epochs", "many"], /--epochs many: /],
  ["a word that is no choice", ["beta-sweep", "--dataset", "cifar"], /"mnist" \| "fashion-mnist"/],
  ["a seed that is no seed", ["beta-sweep", "--seed", "1.5"], /--seed 1\.5: a seed is an integer/],
  ["an unknown engine", ["beta-sweep", "--engine", "abacus"], /abacus[^]*onnxruntime/],
  ["a data directory that is not there", ["beta-sweep", "--data-dir", "/no/such/folder"], /--data-dir: there is no/],
  [
    "a frequency that is none",
    ["beta-sweep", "--checkpoint-every", "5"],
    /--checkpoint-every 5: .*5epochs.*90s, 5m, 1h/
  ],
  ["a number of retries that is none", ["beta-sweep", "--retry", "-1"], /--retry -1: .*from 0/],
  ["flags that contradict each other", ["beta-sweep", "--keep-going", "--fail-fast"], /--keep-going and --fail-fast/],
  ["a file that is not there", ["./nothing.ts"], /there is no file/]
]

/** An experiment of that name. */
const named = (name: string) => `
import { Adam, BetaElbo, DenseVae, ElboTerms, Evaluation, Experiment, Synthetic, Training } from "${join(process.cwd(), "src/index.ts")}"

export default Experiment.make("${name}", {
  description: "Mine.",
  parameters: {},
  run: () => ({
    dataset: Synthetic.layer(),
    model: DenseVae.layer({ hidden: [16], latent: 2 }),
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({ epochs: 1, batchSize: 32, optimizer: Adam({ learningRate: 1e-3 }) }),
    evaluation: Evaluation.layer(ElboTerms())
  })
})
`

const wrongFiles: ReadonlyArray<readonly [string, string, RegExp]> = [
  ["without-default.ts", "export const x = 1", /default export is missing/],
  ["number.ts", "export default 1", /default export is of type number/],
  ["throws.ts", `throw new Error("the file's own words")`, /the file's own words/],
  ["name.ts", named("../escape"), /"\.\.\/escape" is not a valid experiment name/]
]

describe("exp refuses with exit code 2", () => {
  it.each(refusals)("%s", async (name, args, message) => {
    const results = join(folder, `refused ${name}`)
    const { code, output } = await Effect.runPromise(exp(...args, "--results", results))
    assert.match(output, message)
    assert.strictEqual(code, 2)
    assert.isFalse(existsSync(results))
  })

  it.each(wrongFiles)("the file %s", async (name, content, message) => {
    const file = join(folder, name)
    await writeFile(file, content)
    const { code, output } = await Effect.runPromise(exp(file))
    assert.match(output, message)
    assert.strictEqual(code, 2)
  })
})
