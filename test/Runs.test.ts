/**
 * Training and finished runs as a program of one's own uses them.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Console, Effect, Exit, Logger } from "effect"
import {
  Adam,
  BetaElbo,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  Parameter,
  Runs,
  Synthetic,
  Training,
  VampPrior
} from "../src/index.ts"
import { platform } from "./pipelines/Sandbox.ts"

const experiment = Experiment.make("mine", {
  description: "Mine.",
  parameters: { beta: Parameter.NonNegative({ default: 1, description: "weight of the KL divergence" }) },
  run: ({ beta }) => ({
    dataset: Synthetic.layer({ train: 64, test: 32 }),
    // A prior that is learned has a network of its own.
    model: DenseVae.layer({ hidden: [16], latent: 2, ...(beta === 4 && { prior: VampPrior({ pseudoInputs: 3 }) }) }),
    objective: BetaElbo.layer({ beta }),
    training: Training.layer({ epochs: 2, batchSize: 16, optimizer: Adam({ learningRate: 1e-3 }) }),
    evaluation: Evaluation.layer(ElboTerms())
  })
}).pipe(Experiment.grid({ beta: [0, 4] }))

let results = ""
let folders: ReadonlyArray<string> = []
const printed: Array<unknown> = []

const collecting: Console.Console = new Proxy(globalThis.console, {
  get:
    () =>
    (...words: ReadonlyArray<unknown>) =>
      void printed.push(...words)
})

const run = <A, E>(effect: Effect.Effect<A, E, any>): Promise<Exit.Exit<A, E>> =>
  Effect.runPromiseExit(
    Effect.scoped(effect).pipe(
      Effect.provide(platform),
      Effect.provide(Logger.layer([])),
      Effect.provideService(Console.Console, collecting)
    ) as Effect.Effect<A, E>
  )

const failure = async (path: string): Promise<string> => {
  const exit = await run(Effect.flip(Runs.load(path)))
  return Exit.isSuccess(exit) ? exit.value.message : assert.fail("it was loaded")
}

beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), "effect-vae-runs-"))
  const exit = await run(Runs.train(experiment, { results, engine: "reference" }))
  folders = Exit.isSuccess(exit) ? exit.value.map(({ directory }) => join(results, "mine", directory)) : []
  assert.lengthOf(folders, 2, String(exit))
}, 120_000)
afterAll(() => rmSync(results, { recursive: true, force: true }))

describe("Runs", () => {
  it("loads a run by a prefix of its id, with a model that encodes, decodes and samples", async () => {
    for (const folder of folders) {
      const exit = await run(
        Effect.gen(function* () {
          const loaded = yield* Runs.load(folder.slice(0, -4))
          const images = yield* loaded.sample(501)
          const again = yield* loaded.sample(501)
          const other = yield* loaded.sample(501, { seed: 1 })
          const { deviation, mean } = yield* loaded.encode(images)
          return { loaded, images, again, other, deviation, mean }
        })
      )
      if (Exit.isFailure(exit)) return assert.fail(String(exit.cause))
      const { again, deviation, images, loaded, mean, other } = exit.value
      assert.strictEqual(loaded.directory, folder)
      assert.lengthOf(loaded.history, 2)
      assert.isTrue(Number.isFinite(loaded.metrics["test/loss"]))
      const { channels, height, width } = loaded.shape
      assert.lengthOf(images, 501 * height * width * channels)
      assert.isTrue(images.every((value) => value >= 0 && value <= 1))
      assert.deepStrictEqual(again, images)
      assert.notDeepEqual(other, images)
      assert.lengthOf(mean, 501 * 2)
      assert.isTrue(deviation.every((value) => value > 0))
    }
  })

  it("prints nothing and leaves the process's signals alone", () => {
    assert.deepStrictEqual(printed, [])
    assert.strictEqual(process.listenerCount("SIGINT"), 0)
  })

  it("reports which run cannot be loaded, and why", async () => {
    assert.include(await failure(join(results, "mine", "zz")), "the run does not exist")
    assert.include(await failure(join(results, "mine", "")), "has no manifest")
    assert.include(await failure(join(results, "other", "3f9c")), "no runs")
    const folder = folders[0]!
    rmSync(join(folder, "model"), { recursive: true })
    assert.include(await failure(folder), "it has no folder model")
  })

  it("refuses inputs with a wrong shape", async () => {
    const exit = await run(
      Effect.flatMap(Runs.load(folders[1]!), (loaded) => Effect.flip(loaded.encode(new Float32Array(5))))
    )
    assert.isTrue(Exit.isSuccess(exit) && exit.value.message.includes("got 5 numbers"), String(exit))
  })
})
