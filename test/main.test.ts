/**
 * The program as a person runs it: a process of its own, its exit code, what it prints and what it leaves.
 */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Runs `exp` with these arguments; `onOutput` sees what was printed so far. */
const exp = (
  args: ReadonlyArray<string>,
  onOutput: (output: string, interrupt: () => void) => void = () => {},
  cwd = process.cwd()
): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd,
      // The data that every machine has: the digits inside a package.
      env: {
        ...process.env,
        VAE_OFFLINE: "1",
        VAE_DATA_DIR: "",
        XDG_CACHE_HOME: join(folder, "cache"),
        NO_COLOR: "1",
        INIT_CWD: folder
      }
    })
    let output = ""
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
      onOutput(output, () => child.kill("SIGINT"))
    }
    child.stdout.on("data", collect)
    child.stderr.on("data", collect)
    child.on("close", (code) => resolve({ code, output }))
  })

const main = join(process.cwd(), "src/main.ts")

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "effect-vae-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** An experiment outside of the package, as a person writes it. */
const own = (name: string) => `
import { Effect } from "effect"
import { Adam, BetaElbo, Curves, DenseVae, ElboTerms, Evaluation, Experiment, Parameter, Synthetic, Training } from "effect-vae"

export default Experiment.make("${name}", {
  description: "Mine.",
  parameters: {
    beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }),
    epochs: Parameter.PositiveInt({ default: 2, description: "passes over the images" }),
    learningRate: Parameter.Positive({ default: 1e-2, description: "step size" })
  },
  run: ({ beta, epochs, learningRate }) => ({
    dataset: Synthetic.layer(),
    model: DenseVae.layer({ hidden: [16], latent: 2 }),
    objective: BetaElbo.layer({ beta }),
    training: Training.layer({ epochs, batchSize: 32, optimizer: Adam({ learningRate }) }),
    evaluation: Evaluation.layer(ElboTerms(), Curves())
  })
})
export const unused = Effect.void
`

const write = async (name: string, content: string): Promise<string> => {
  await writeFile(join(folder, name), content)
  return `./${name}`
}

const summary = async (results: string, name: string) =>
  JSON.parse(await readFile(join(results, name, "summary.json"), "utf8"))

describe("exp", { concurrent: true }, () => {
  it("lists the experiments with their descriptions", async () => {
    const { code, output } = await exp([])
    assert.strictEqual(code, 0)
    for (const file of await readdir("experiments")) assert.include(output, file.replace(/\.ts$/, ""))
    assert.deepStrictEqual(await exp(["list"]), { code, output })
  })

  it("documents an experiment's parameters", async () => {
    const { code, output } = await exp(["beta-sweep", "--help"])
    assert.strictEqual(code, 0)
    assert.match(output, /--learning-rate VALUE\S*\s+Adam's step size \(default 0\.001\)/)
    assert.match(output, /--beta VALUE\S*\s+.*swept over 0, 12, 200/)
  })

  it("plans without side effects", async () => {
    const results = join(folder, "planned")
    const { code, output } = await exp(["beta-sweep", "--plan", "--results", results])
    assert.strictEqual(code, 0)
    assert.strictEqual(output.match(/^[0-9a-f]{12} {2}beta=\d+ +15 epochs {2}to do {2}about \d+\S+$/gm)?.length, 3)
    assert.match(output, /^3 runs, 3 to do, about \S+ of training on this machine/m)
    assert.isFalse(existsSync(results))
  })

  it("continues with the other experiments if one's data is missing", async () => {
    const lab = join(folder, "lab")
    await cp("experiments/simple-vae-faces.ts", join(lab, "experiments/faces.ts"))
    for (const name of ["after", "before"]) await writeFile(join(lab, `experiments/${name}.ts`), own(name))
    const { code, output } = await exp(["all", "--plan", "--results", join(folder, "all")], undefined, lab)
    assert.match(output, /== after\n[^]*1 to do[^]*== before\n[^]*1 to do[^]*== faces\n/)
    assert.match(output, /error: [^\n]*faces[^\n]*--data-dir/i)
    assert.match(output, /not all runs finished of: faces;/)
    assert.strictEqual(code, 1)
  })

  // All refusals: test/pipelines/commands/Refusals.test.ts.
  it.each([
    ["an unknown parameter", ["beta-sweep", "--betta", "1"], /--betta[^]*--beta\b/],
    ["a value out of range", ["beta-sweep", "--beta", "0,-1"], /--beta -1: .*greater than or equal to 0/]
  ])("refuses %s with exit code 2", async (name, args, message) => {
    const results = join(folder, `refused ${name}`)
    const { code, output } = await exp([...args, "--results", results])
    assert.match(output, message)
    assert.strictEqual(code, 2)
    assert.isFalse(existsSync(results))
  })

  it("refuses a file with a syntax error with exit code 2", async () => {
    const { code, output } = await exp([await write("syntax.ts", "export default {")])
    assert.match(output, /syntax\.ts does not load/)
    assert.strictEqual(code, 2)
  })

  it("runs a user's file from anywhere, and reuses its run the second time", async () => {
    const results = join(folder, "own")
    const file = await write("mine.ts", own("mine"))
    const first = await exp([file, "--beta", "0,4", "--results", results])
    assert.strictEqual(first.code, 0, first.output)
    const { runs } = await summary(results, "mine")
    assert.deepStrictEqual(
      runs.map((run: any) => run.parameters.beta),
      [0, 4]
    )
    const second = await exp([file, "--beta", "0,4", "--results", results])
    assert.strictEqual(second.output.match(/already done/g)?.length, 2, second.output)
    assert.deepStrictEqual(await summary(results, "mine"), { experiment: "mine", runs })
  })

  it("a failed run: exit code 1, the reason, and the other runs' results", async () => {
    const results = join(folder, "failed")
    const file = await write("failing.ts", own("failing"))
    const { code, output } = await exp([file, "--learning-rate", "1e30,0.01", "--results", results])
    assert.strictEqual(code, 1, output)
    assert.match(output, /diverged in epoch 1, at step \d+/)
    const { runs } = await summary(results, "failing")
    assert.deepStrictEqual(
      runs.map((run: any) => run.status),
      ["failed", "done"]
    )
  })

  it("SIGINT: exit code 130, the run marked interrupted, and the same command resumes it", async () => {
    const results = join(folder, "interrupted")
    const file = await write("long.ts", own("long"))
    const args = [file, "--epochs", "400", "--results", results]
    const { code, output } = await exp(args, (printed, interrupt) => {
      if (printed.includes("epoch 3/400")) interrupt()
    })
    assert.strictEqual(code, 130, output)
    const [run] = (await summary(results, "long")).runs
    assert.strictEqual(run.status, "interrupted")
    const again = await exp(args)
    assert.strictEqual(again.code, 0, again.output)
    assert.notInclude(again.output, "epoch 1/400")
    const lines = (await readFile(join(results, "long", run.directory, "metrics.ndjson"), "utf8")).trim().split("\n")
    assert.deepStrictEqual(
      lines.map((line) => JSON.parse(line).epoch),
      Array.from({ length: 400 }, (_, i) => i + 1)
    )
  })
})
