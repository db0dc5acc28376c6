/**
 * What makes a run another run, and what does not.
 */
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestConsole } from "effect/testing"
import { Dataset } from "../../../src/core/Dataset.ts"
import type { AnyAssembly } from "../../../src/core/Experiment.ts"
import {
  Adam,
  BetaElbo,
  Curves,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  LatentScatter,
  SoftplusGaussian,
  Synthetic,
  Training
} from "../../../src/index.ts"
import * as CommandLine from "../../../src/pipelines/commands/CommandLine.ts"
import { plan } from "../../../src/pipelines/plan/Plan.ts"

const platform = Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici)

const assembly = {
  dataset: Synthetic.layer(),
  model: DenseVae.layer({ hidden: [16], latent: 2 }),
  objective: BetaElbo.layer({ beta: 1 }),
  training: Training.layer({ epochs: 3, batchSize: 32, optimizer: Adam({ learningRate: 1e-3 }) }),
  evaluation: Evaluation.layer(ElboTerms())
}

/** The id of the run of this assembly. */
const idOf = Effect.fnUntraced(function* (changes: Partial<AnyAssembly>, name = "one", seed = 0) {
  const experiment = Experiment.make(name, {
    description: "One run.",
    parameters: {},
    run: () => ({ ...assembly, ...changes }) as typeof assembly
  })
  const [run] = yield* plan(experiment.pipe(Experiment.seeds(seed)), (dataset) => dataset.locate)
  return run!.id
}, Effect.provide(platform))

/** The same dataset, whose bytes have this digest. */
const withDigest = (digest: string) =>
  Layer.effect(
    Dataset,
    Dataset.useSync((dataset) => ({
      ...dataset,
      locate: Effect.map(dataset.locate, (located) => ({ ...located, digest }))
    }))
  ).pipe(Layer.provideMerge(assembly.dataset))

describe("a run's id", () => {
  it.effect("does not depend on the experiment's name or the evaluations", () =>
    Effect.gen(function* () {
      const id = yield* idOf({})
      assert.strictEqual(yield* idOf({}, "another"), id)
      const evaluation = Evaluation.layer(Curves(), LatentScatter()) as AnyAssembly["evaluation"]
      assert.strictEqual(yield* idOf({ evaluation }), id)
    })
  )

  it.effect("covers every setting: a changed one gives another id, an explicit default does not", () =>
    Effect.gen(function* () {
      const id = yield* idOf({})
      const trainedBy = (options: Parameters<typeof Adam>[0], epochs = 3, batchSize = 32) =>
        idOf({ training: Training.layer({ epochs, batchSize, optimizer: Adam(options) }) })
      const learningRate = 1e-3
      assert.strictEqual(yield* trainedBy({ learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }), id)
      const model = (options: Partial<Parameters<typeof DenseVae.layer<2>>[0]>) =>
        idOf({ model: DenseVae.layer({ hidden: [16], latent: 2, ...options }) })
      const ids = yield* Effect.all([
        Effect.succeed(id),
        trainedBy({ learningRate, beta1: 0.8 }),
        trainedBy({ learningRate, beta2: 0.99 }),
        trainedBy({ learningRate, epsilon: 1e-7 }),
        trainedBy({ learningRate: 2e-3 }),
        trainedBy({ learningRate }, 4),
        trainedBy({ learningRate }, 3, 33),
        model({ hidden: [17] }),
        model({ posterior: SoftplusGaussian() }),
        idOf({ objective: BetaElbo.layer({ beta: 2 }) }),
        idOf({ dataset: Synthetic.layer({ seed: 1 }) }),
        idOf({ dataset: withDigest("ab".repeat(32)) }),
        idOf({ dataset: withDigest("cd".repeat(32)) }),
        idOf({}, "one", 1)
      ])
      assert.strictEqual(new Set(ids).size, ids.length)
    })
  )

  it.live("does not depend on flags of execution", () =>
    Effect.gen(function* () {
      const idsWith = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
        const before = (yield* TestConsole.logLines).length
        const base = [
          "./test/pipelines/sweep/KilledExperiment.ts",
          "--plan",
          "--results",
          join(tmpdir(), "no-such-results")
        ]
        yield* CommandLine.run([...base, ...args], "0")
        const lines = (yield* TestConsole.logLines).slice(before).map(String)
        return lines.flatMap((line) => /^[0-9a-f]{12}/.exec(line)?.[0] ?? [])
      })
      const ids = yield* idsWith([])
      assert.strictEqual(ids.length, 2)
      for (const args of [
        ["--checkpoint-every", "7epochs"],
        ["--checkpoint-every", "5m", "--retry", "3", "--keep-going"],
        ["--fail-fast", "--force"],
        ["--jobs", "2"],
        ["--engine", "reference"]
      ]) {
        assert.deepStrictEqual(yield* idsWith(args), ids, args.join(" "))
      }
      assert.notDeepEqual(yield* idsWith(["--seed", "1"]), ids)
    }).pipe(Effect.provide([platform, TestConsole.layer]))
  )
})
