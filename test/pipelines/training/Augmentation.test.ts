/**
 * A training whose dataset changes the images of each batch: what the model sees, and that a run which was stopped and
 * resumed comes to the same bits.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Option, Path } from "effect"
import { Dataset } from "../../../src/core/Dataset.ts"
import { Engine } from "../../../src/core/Engine.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import { Model } from "../../../src/core/Model.ts"
import { uint8 } from "../../../src/core/Tensors.ts"
import * as TrainStep from "../../../src/core/TrainStep.ts"
import {
  Adam,
  Binarized,
  DenseVae,
  ElboTerms,
  Evaluation,
  Experiment,
  ImportanceWeighted,
  Synthetic,
  Training
} from "../../../src/index.ts"
import * as Run from "../../../src/pipelines/store/Run.ts"
import { keepUntil } from "../InterruptedTraining.ts"
import { platform, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"

const dataset = Binarized.layer(Synthetic.layer({ train: 96, test: 30 }))
const model = DenseVae.layer({ hidden: [8], latent: 2, outputBias: "pixel-means" })

const experiment = Experiment.make("binarised", {
  description: "One run.",
  parameters: {},
  run: () => ({
    dataset,
    model,
    objective: ImportanceWeighted.layer({ samples: 3 }),
    training: Training.layer({ epochs: 3, batchSize: 32, optimizer: Adam({ learningRate: 1e-2 }) }),
    evaluation: Evaluation.layer(ElboTerms())
  })
})

const leftIn = Effect.fnUntraced(function* (results: string) {
  const folder = yield* (yield* storeOf(results)).experiment("binarised")
  const [row] = Option.getOrThrow(yield* folder.summary).runs
  const run = yield* Run.make("binarised", row!.id, (yield* Path.Path).join(folder.directory, row!.id))
  return {
    metrics: row!.metrics,
    history: (yield* run.history).map(({ epoch, metrics, step }) => ({ epoch, metrics, step })),
    checkpoint: Option.getOrThrow(yield* run.checkpoint)
  }
}, Effect.provide(platform))

describe("a training on images binarised anew", () => {
  it.effect("gives the same bits when interrupted and resumed", () =>
    Effect.gen(function* () {
      const [straight, resumed] = [yield* temporaryFolder, yield* temporaryFolder]
      yield* runExperiment(experiment, straight)
      // In the second of three steps of the second epoch.
      yield* keepUntil(experiment, resumed, 4)
      yield* runExperiment(experiment, resumed)
      assert.deepStrictEqual(yield* leftIn(resumed), yield* leftIn(straight))
    })
  )

  it.effect("has only pixels 0 and 1, different at each step, equal at the same step", () =>
    Effect.gen(function* () {
      const { augmentation, locate, load, shape } = yield* Dataset
      const { train } = yield* load(yield* locate)
      const { build, latent } = yield* Model
      const pixels = shape.height * shape.width * shape.channels
      /** One term per pixel: what the model was given. */
      const objective = {
        spec: { _tag: "Seen" },
        terms: ({ images }: { readonly images: tf.Tensor4D }) => {
          const seen = tf.reshape(images, [-1, pixels])
          const columns = Array.from({ length: pixels }, (_, pixel) => [
            `pixel${pixel}`,
            tf.reshape<tf.Rank.R1>(tf.slice(seen, [0, pixel], [-1, 1]), [-1])
          ])
          const loss = tf.sum<tf.Tensor1D>(seen, 1)
          return { loss, reconstruction: loss, ...Object.fromEntries(columns) }
        }
      }
      const optimizer = Adam({ learningRate: 1e-2 })
      const ingredients = { autoencoder: yield* build(shape), latent, shape, objective, optimizer, augmentation }
      const engine = yield* Engine
      const { program, signature } = TrainStep.trainStep(ingredients, { examples: 96, batch: 4, stepsPerEpoch: 24 })
      const executable = yield* engine.compile(program, signature)
      const data = yield* engine.place({
        images: uint8([96, shape.height, shape.width, shape.channels], train.images)
      })
      const inputsOf = TrainStep.stepInputs(ingredients, 7)
      const seenAt = Effect.fnUntraced(function* (step: number) {
        const state = yield* engine.place(TrainStep.initialState(ingredients, 7, train))
        const terms = yield* executable.run({ state, data, inputs: inputsOf(step, Int32Array.of(0, 1, 2, 3)) })
        return Array.from({ length: pixels }, (_, pixel) => Array.from(terms[`pixel${pixel}`]!.values)).flat()
      })
      const [first, again, next] = [yield* seenAt(0), yield* seenAt(0), yield* seenAt(24)]
      assert.sameMembers([...new Set(first)], [0, 1])
      assert.deepStrictEqual(again, first)
      assert.notDeepEqual(next, first)
    }).pipe(Effect.provide([model, dataset, Reference.layer, platform]), Effect.scoped)
  )
})
