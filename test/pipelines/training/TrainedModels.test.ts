import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Labels } from "../../../src/core/Dataset.ts"
import * as Synthetic from "../../../src/core/datasets/Synthetic.ts"
import { Engine } from "../../../src/core/Engine.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import * as Evaluation from "../../../src/core/Evaluation.ts"
import { imagesAt } from "../../../src/core/evaluations/Reconstructions.ts"
import * as Experiment from "../../../src/core/Experiment.ts"
import { FactorizedPosterior, type Model, type ModelError } from "../../../src/core/Model.ts"
import * as LookupCodes from "../../../src/core/models/LookupCodes.ts"
import * as ConditionalVae from "../../../src/core/models/ConditionalVae.ts"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import { dense } from "../../../src/core/networks/Dense.ts"
import { reshape } from "../../../src/core/networks/Reshape.ts"
import type { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as DipVae from "../../../src/core/objectives/DipVae.ts"
import * as BetaElbo from "../../../src/core/objectives/BetaElbo.ts"
import { Sgd } from "../../../src/core/optimizers/Sgd.ts"
import { Deterministic } from "../../../src/core/posteriors/Deterministic.ts"
import * as TrainStep from "../../../src/core/TrainStep.ts"
import { labelsFor } from "../../../src/core/TrainedModel.ts"
import * as Training from "../../../src/core/Training.ts"
import { plan } from "../../../src/pipelines/plan/Plan.ts"
import * as TrainedModels from "../../../src/pipelines/training/TrainedModels.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"
import { platform } from "../Sandbox.ts"

const planned = (
  model: Layer.Layer<Model, ModelError, Labels>,
  objective: Layer.Layer<Objective, ObjectiveError> = BetaElbo.layer({ beta: 1 }),
  test = 10
) =>
  Effect.map(
    plan(
      Experiment.make("seen", {
        description: "A model as evaluations see it.",
        parameters: {},
        run: () => ({
          dataset: Synthetic.layer({ train: 40, test, classes: 3 }),
          model,
          objective,
          training: Training.layer({ epochs: 1, batchSize: 10, optimizer: Sgd({ learningRate: 0.1 }) }),
          evaluation: Evaluation.layer()
        })
      }),
      ({ locate }) => locate
    ),
    (runs) => runs[0]!
  )

/** The model with its first parameters. */
const seen = (...options: Parameters<typeof planned>) =>
  Effect.gen(function* () {
    const run = yield* planned(...options)
    const engine = yield* Engine
    const data = yield* run.dataset.load(run.located)
    const autoencoder = yield* run.model.build(run.dataset.shape)
    const images = {
      train: yield* engine.place(TrainedModels.splitTensors(data.train, run.dataset.shape)),
      test: yield* engine.place(TrainedModels.splitTensors(data.test, run.dataset.shape))
    }
    const { latent } = run.model
    const { dataset, objective, training } = run
    const ingredients = { autoencoder, latent, shape: dataset.shape, objective, optimizer: training.optimizer }
    const state = yield* engine.place(TrainStep.initialState(ingredients, 1))
    return (yield* TrainedModels.make({ run, autoencoder, data, images }))({ state, history: [], steps: () => 0 })
  }).pipe(Effect.provide(Reference.layer))

const conditional = ConditionalVae.layer({
  encoder: [dense(5)],
  decoder: [dense(64), reshape([8, 8, 1])],
  latent: 2
})

describe("a trained model", () => {
  it.effect.each([DenseVae.layer({ hidden: [5], latent: 2 }), conditional])(
    "encodes given images like those of a split: %#",
    (layer) =>
      Effect.gen(function* () {
        const model = yield* seen(layer)
        const indices = Int32Array.of(3, 0, 7)
        const codes = yield* model.encode("test", indices)
        const images = imagesAt(model.data.test, model.shape, indices)
        const given = yield* model.encodeImages(images, labelsFor(model, "test", indices))
        assertClose(given.mean, codes.mean, 1e-6)
        assertClose(given.deviation, codes.deviation, 1e-6)
        assert.lengthOf(yield* model.decode(codes.mean, labelsFor(model, "test", indices)), images.length)
        const nothing = yield* model.encodeImages(new Float32Array(0))
        assert.lengthOf(nothing.mean, 0)
      }).pipe(Effect.provide(platform))
  )

  it.effect("returns the terms at drawn codes or at the posterior's means", () =>
    Effect.gen(function* () {
      const model = yield* seen(DenseVae.layer({ hidden: [5], latent: 2 }))
      const [drawn, mean] = [yield* model.terms("test"), yield* model.terms("test", "mean")]
      assert.deepStrictEqual(mean["kl"], drawn["kl"])
      assert.notDeepEqual(mean["reconstruction"], drawn["reconstruction"])
      // What the decoder makes of the means, compared with the images by hand.
      const indices = Int32Array.from({ length: 10 }, (_, index) => index)
      const images = imagesAt(model.data.test, model.shape, indices)
      const decoded = yield* model.decode((yield* model.encode("test", indices)).mean)
      const expected = Array.from(indices, (index) => {
        let sum = 0
        for (let at = index * 64; at < (index + 1) * 64; at++) {
          sum -= images[at]! * Math.log(decoded[at]!) + (1 - images[at]!) * Math.log(1 - decoded[at]!)
        }
        return sum
      })
      assertClose(mean["reconstruction"]!, expected, 1e-4)
    }).pipe(Effect.provide(platform))
  )

  it.effect("fills the last batch with the previous examples, for an objective over a batch", () =>
    Effect.gen(function* () {
      // Chunks have 500 examples: the terms of the last 10 are those of the last 500.
      const objective = Layer.provide(
        DipVae.layer({ kind: "I", offDiagonal: 10, diagonal: 0 }),
        Layer.succeed(FactorizedPosterior, { latent: 2 })
      )
      const model = yield* seen(DenseVae.layer({ hidden: [5], latent: 2 }), objective, 510)
      const { "covariance-penalty": penalty } = yield* model.terms("test")
      const { mean } = yield* model.encode(
        "test",
        Int32Array.from({ length: 510 }, (_, index) => index)
      )
      const expected = (from: number): number => {
        const rows = Array.from(
          { length: 500 },
          (_, row) => [mean[2 * (from + row)]!, mean[2 * (from + row) + 1]!] as const
        )
        const average = (f: (row: readonly [number, number]) => number): number =>
          rows.reduce((sum, row) => sum + f(row), 0) / 500
        return 20 * (average(([a, b]) => a * b) - average(([a]) => a) * average(([, b]) => b)) ** 2
      }
      assert.lengthOf(penalty!, 510)
      assertClose(penalty!.subarray(499, 501), [expected(0), expected(10)], 1e-5)
      assert.notEqual(penalty![499], penalty![500])
    }).pipe(Effect.provide(platform))
  )

  it.effect("passes labels to a conditional encoder, and needs none for decoding", () =>
    Effect.gen(function* () {
      const decoder = [dense(64), reshape([8, 8, 1])]
      const model = yield* seen(
        LookupCodes.layer({ codes: LookupCodes.oneHot(), decoder }),
        BetaElbo.layer({ beta: 0 })
      )
      assert.isUndefined(model.classes)
      const indices = Int32Array.of(4, 0, 2)
      const { mean } = yield* model.encode("test", indices)
      assert.deepStrictEqual(mean, Float32Array.of(0, 1, 0, 1, 0, 0, 0, 0, 1))
      const images = imagesAt(model.data.test, model.shape, indices)
      assert.deepStrictEqual((yield* model.encodeImages(images, [1, 0, 2])).mean, mean)
      assert.include(
        (yield* Effect.flip(model.encodeImages(images))).message,
        "a label from 0 to 2 for each of 3 rows, but got []"
      )
      assert.lengthOf(yield* model.decode(mean), images.length)
      assert.hasAllKeys(yield* model.terms("test"), ["loss", "reconstruction"])
    }).pipe(Effect.provide(platform))
  )

  it.effect("decodes different images for different labels, and needs one label each", () =>
    Effect.gen(function* () {
      const model = yield* seen(conditional)
      assert.strictEqual(model.classes, 3)
      const codes = new Float32Array(4)
      const images = yield* model.decode(codes, [0, 2])
      assert.notDeepEqual(images.slice(0, 64), images.slice(64))
      assert.deepStrictEqual(yield* model.decode(Float32Array.of(0, 0), [2]), images.slice(64))
      for (const [labels, given] of [
        [undefined, ""],
        [[1], "1"],
        [[1, 3], "1, 3"],
        [[-1, 0], "-1, 0"]
      ] as const) {
        const error = yield* Effect.flip(model.decode(codes, labels))
        assert.include(error.message, `a label from 0 to 2 for each of 2 rows, but got [${given}]`)
      }
      assert.isUndefined((yield* seen(DenseVae.layer({ hidden: [5], latent: 2 }))).classes)
    }).pipe(Effect.provide(platform))
  )
})

describe("a plan", () => {
  it.effect("refuses a KL divergence without a density, and a model that does not fit the images", () =>
    Effect.gen(function* () {
      const plain = yield* Effect.flip(planned(DenseVae.layer({ hidden: [], latent: 2, posterior: Deterministic() })))
      assert.include(plain.message, "BetaElbo needs a KL divergence, but that of DenseVae's codes is infinite")
      const misfit = ConditionalVae.layer({ encoder: [], decoder: [dense(9), reshape([3, 3, 1])], latent: 2 })
      const error = yield* Effect.flip(planned(misfit))
      assert.include(error.message, "decoder: ends at [3, 3, 1], but an image is [8, 8, 1]")
    }).pipe(Effect.provide(platform))
  )
})
