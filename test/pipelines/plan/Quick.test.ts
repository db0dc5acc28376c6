import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  DenseVae,
  Evaluation,
  Experiment,
  BetaElbo,
  Synthetic,
  Training,
  Adam,
  LatentScatter
} from "../../../src/index.ts"
import { plan } from "../../../src/pipelines/plan/Plan.ts"
import { limits, quickVersion } from "../../../src/pipelines/plan/Quick.ts"
import { platform } from "../Sandbox.ts"

const experiment = (train: number, epochs: number) =>
  Experiment.make("whole", {
    description: "The whole.",
    parameters: {},
    reference: () => ({ "test/loss": 1 }),
    run: () => ({
      dataset: Synthetic.layer({ train, test: 30 }),
      model: DenseVae.layer({ hidden: [4], latent: 2 }),
      objective: BetaElbo.layer({ beta: 1 }),
      training: Training.layer({ epochs, batchSize: 10, optimizer: Adam({ learningRate: 1e-3 }) }),
      // Needs the labels of the dataset: they must outlive the change.
      evaluation: Evaluation.layer(LatentScatter())
    })
  })

const only = <A>(self: Experiment.Experiment<A>) =>
  plan(self, (dataset) => dataset.locate).pipe(
    Effect.map((runs) => runs[0]!),
    Effect.provide(platform)
  )

describe("a quick version", () => {
  it.effect("has fewer images and epochs, another name and another id, and is labelled", () =>
    Effect.gen(function* () {
      const whole = yield* only(experiment(5000, 9))
      const small = yield* only(quickVersion(experiment(5000, 9)))
      assert.strictEqual(small.experiment, "whole-quick")
      assert.match(small.dataset.name, /quick/)
      assert.strictEqual(small.training.epochs, limits.epochs)
      assert.notStrictEqual(small.id, whole.id)
      assert.notStrictEqual(small.located.digest, whole.located.digest)
      const [all, some] = yield* Effect.all([
        whole.dataset.load(whole.located),
        small.dataset.load(small.located)
      ]).pipe(Effect.provide(platform))
      assert.strictEqual(some.train.count, limits.train)
      assert.deepStrictEqual(some.train.images, all.train.images.subarray(0, some.train.images.length))
      assert.deepStrictEqual(some.train.labels, all.train.labels!.subarray(0, limits.train))
      assert.strictEqual(some.test.count, 30)
    })
  )
  it("drops the full experiment's reported values, and can be swept", () => {
    const small = quickVersion(experiment(100, 1))
    assert.deepStrictEqual(small.reference({}), {})
    assert.deepStrictEqual(small.pipe(Experiment.seeds(1, 2)).seeds, [1, 2])
  })
  it.effect("keeps small experiments", () =>
    Effect.gen(function* () {
      const small = yield* only(quickVersion(experiment(100, 1)))
      assert.strictEqual(small.training.epochs, 1)
      const { train } = yield* small.dataset.load(small.located).pipe(Effect.provide(platform))
      assert.strictEqual(train.count, 100)
    })
  )
})
