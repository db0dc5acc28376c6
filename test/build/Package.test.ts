/**
 * The package as a person installs it: built, packed, installed from the file by npm into a folder outside of the
 * repository, where experiments are type-checked and run, and a run is loaded from a program.
 */
import { spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, dirname, join, resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import packageJson from "../../package.json" with { type: "json" }
import { tools } from "../../src/pipelines/lab/Lab.ts"
import { isLong } from "../LongTests.ts"
import { needs } from "../machine/Capability.ts"
import { npmRegistry } from "../machine/NpmRegistry.ts"

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Runs a command to its end, with the Node that runs the tests first on the path. */
const run = (cwd: string, command: string, ...args: ReadonlyArray<string>): Promise<Ended> =>
  new Promise((done) => {
    const { INIT_CWD: _, NODE_OPTIONS: __, ...inherited } = process.env
    const child = spawn(command, args, {
      cwd,
      env: {
        ...inherited,
        PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}`,
        NO_COLOR: "1",
        VAE_OFFLINE: "1",
        VAE_DATA_DIR: "",
        XDG_CACHE_HOME: join(place, "cache")
      }
    })
    let output = ""
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
    child.on("error", (error) => done({ code: null, output: error.message }))
    child.on("close", (code) => done({ code, output }))
  })

const repository = resolve(import.meta.dirname, "../..")
const managers = isLong ? ["npm", "pnpm"] : ["npm"]

/** Milliseconds that building or installing may take on a busy machine. */
const patience = 300_000

let place = ""
/** Where the package is built: within the repository, whose packages it finds there. */
let dist = ""
let file = ""

/** Bytes of a folder's files. */
const sizeOf = (path: string): number => {
  const entry = statSync(path, { throwIfNoEntry: false })
  if (entry === undefined) return 0
  return entry.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : entry.size
}

beforeAll(async () => {
  if (npmRegistry.value === undefined) return
  place = await mkdtemp(join(tmpdir(), "effect-vae-package-"))
  dist = await mkdtemp(join(repository, "node_modules", ".effect-vae-dist-"))
  const built = await run(repository, process.execPath, "build/main.ts", dist)
  assert.strictEqual(built.code, 0, built.output)
  const packed = await run(place, "npm", "pack", dist, "--silent")
  assert.strictEqual(packed.code, 0, packed.output)
  file = join(place, `effect-vae-${packageJson.version}.tgz`)
}, patience)
afterAll(() =>
  Promise.all([place, dist].filter((path) => path !== "").map((folder) => rm(folder, { recursive: true, force: true })))
)

const experiment = (axis: string) => `
import { Adam, BetaElbo, Curves, DenseVae, ElboTerms, Evaluation, Experiment, Manifold, Parameter, Synthetic, Training } from "effect-vae"

export default Experiment.make("mine", {
  description: "Mine.",
  parameters: { beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }) },
  run: ({ beta }) => ({
    dataset: Synthetic.layer({ train: 64, test: 32 }),
    model: DenseVae.layer({ hidden: [16], latent: 2 }),
    objective: BetaElbo.layer({ beta }),
    training: Training.layer({ epochs: 2, batchSize: 16, optimizer: Adam({ learningRate: 1e-3 }) }),
    evaluation: Evaluation.layer(ElboTerms(), Curves(), Manifold())
  })
}).pipe(Experiment.grid({ ${axis} }))
`

/** Trains a sweep, loads a run of it and uses its model: what a person's own program does. */
const program = `
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Runs } from "effect-vae"
import mine from "./mine.ts"

const main = Effect.gen(function* () {
  const rows = yield* Runs.train(mine)
  const run = yield* Runs.load(\`results/mine/\${rows[1]!.id.slice(0, 6)}\`)
  const images = yield* run.sample(3)
  const { deviation, mean } = yield* run.encode(images)
  const again = yield* run.decode(mean)
  return {
    rows: rows.map(({ status }) => status),
    loss: run.metrics["test/loss"],
    images: images.length / (run.shape.height * run.shape.width),
    codes: [mean.length, deviation.every((value) => value > 0)],
    pixels: again.every((value) => value >= 0 && value <= 1)
  }
})

const found = await Effect.runPromise(
  Effect.scoped(main).pipe(Effect.provide(Layer.mergeAll(NodeServices.layer, NodeHttpClient.layerUndici)))
)
process.stdout.write(JSON.stringify(found))
`

describe.each(managers)("the package installed by %s", needs(npmRegistry), (manager) => {
  const lab = () => join(place, `${manager}-lab`)
  const effectVae = (...args: ReadonlyArray<string>) => run(lab(), join("node_modules", ".bin", "effect-vae"), ...args)
  const tsc = () => run(lab(), process.execPath, join("node_modules", "typescript", "bin", "tsc"), "--noEmit")

  beforeAll(async () => {
    const init = await run(
      place,
      process.execPath,
      join(dist, "lib", "bin.js"),
      "init",
      lab(),
      "--package",
      `file:${file}`
    )
    assert.strictEqual(init.code, 0, init.output)
    const install =
      manager === "npm"
        ? ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline"]
        : ["npx", "-y", "pnpm@12", "install", "--store-dir", join(place, "store")]
    const installed = await run(lab(), install[0]!, ...install.slice(1))
    assert.strictEqual(installed.code, 0, installed.output)
  }, patience)

  it("is below 350 MB with its dependencies", () => {
    if (manager !== "npm") return
    const development = Object.keys(tools).map((name) => join(lab(), "node_modules", name))
    const all = sizeOf(join(lab(), "node_modules"))
    const without = all - development.reduce((sum, path) => sum + sizeOf(path), 0)
    assert.isBelow(without / 1e6, 350)
    assert.isFalse(existsSync(join(lab(), "node_modules", "onnxruntime-node")))
    assert.isBelow(statSync(file).size / 1e6, 12)
  })

  it("prints its version and the default engine", async () => {
    const { code, output } = await effectVae("--version")
    assert.strictEqual(code, 0, output)
    assert.match(output, new RegExp(`^effect-vae ${packageJson.version}, engine \\w+`))
  })

  it("checks types: an invalid experiment does not compile", async () => {
    writeFileSync(join(lab(), "mine.ts"), experiment("beta: [0, 4]"))
    writeFileSync(join(lab(), "program.ts"), program)
    writeFileSync(
      join(lab(), "tsconfig.json"),
      JSON.stringify({ ...JSON.parse(readFileSync(join(lab(), "tsconfig.json"), "utf8")), include: ["**/*.ts"] })
    )
    const right = await tsc()
    assert.strictEqual(right.code, 0, right.output)
    writeFileSync(join(lab(), "wrong.ts"), experiment("betta: [0, 4]"))
    const wrong = await tsc()
    await rm(join(lab(), "wrong.ts"))
    assert.notStrictEqual(wrong.code, 0)
    assert.match(wrong.output, /wrong\.ts.*betta/s)
  })

  it("trains and loads runs from a program, which prints nothing itself", async () => {
    const { code, output } = await run(lab(), process.execPath, "--disable-warning=ExperimentalWarning", "program.ts")
    assert.strictEqual(code, 0, output)
    // Effect's own logger, which an application may replace, says that runs are trained.
    const { loss, ...found } = JSON.parse(output.split("\n").at(-1)!)
    assert.deepStrictEqual(found, { rows: ["done", "done"], images: 3, codes: [6, true], pixels: true })
    assert.isTrue(Number.isFinite(loss))
  })

  it("runs the lab's experiment and its test", async () => {
    const ran = await effectVae("exp", "capacity", "--quick", "--capacity", "4")
    assert.strictEqual(ran.code, 0, ran.output)
    assert.match(ran.output.trim().split("\n").at(-1)!, /^report: file:.*capacity-quick.report.html$/)
    const page = readFileSync(join(lab(), "results", "capacity-quick", "report.html"), "utf8")
    assert.include(page, "npx effect-vae capacity --quick")
    const tested = await run(lab(), "npm", "test")
    assert.strictEqual(tested.code, 0, tested.output)
  })

  it("creates a lab with a valid name, and overwrites nothing", async () => {
    const there = await effectVae("init", lab())
    assert.strictEqual(there.code, 2, there.output)
    assert.include(there.output, "is not empty")
    const named = await effectVae("init", "My Lab")
    assert.strictEqual(named.code, 2, named.output)
    assert.include(named.output, `"My Lab" is not a valid lab name`)
  })

  it("reports what the machine supports", async () => {
    const { code, output } = await effectVae("doctor")
    assert.strictEqual(code, 0, output)
    assert.match(output, /yes {2}reference on cpu/)
    assert.match(output, /onnxruntime on cpu .*-wasm/)
    assert.include(output, "npm install onnxruntime-node@1.30.0")
  })
})
