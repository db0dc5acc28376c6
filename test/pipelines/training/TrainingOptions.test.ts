/**
 * What a training may be besides a number of epochs: each option's numbers, and that a run which was stopped and resumed
 * comes to the same bits with it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Path } from "effect"
import {
  Adam,
  AdamW,
  BetaElbo,
  DenseVae,
  ElboTerms,
  epochs as every,
  Evaluation,
  Experiment,
  ReconstructionsOverTraining,
  Schedule,
  Synthetic,
  Training,
  ValidationSplit
} from "../../../src/index.ts"
import type { TrainingOptions } from "../../../src/core/Training.ts"
import { under } from "../../../src/core/Tensors.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"
import * as Run from "../../../src/pipelines/store/Run.ts"
import { keepUntil } from "../InterruptedTraining.ts"
import { platform, runExperiment, storeOf, temporaryFolder } from "../Sandbox.ts"

const optimizer = Adam({ learningRate: 1e-2 })

/** 96 training, 24 validation and 30 test images. */
const experiment = (options: TrainingOptions, beta: Schedule.Numeric = 1, overTraining = false) =>
  Experiment.make("options", {
    description: "One run.",
    parameters: {},
    run: () => ({
      dataset: ValidationSplit.layer(Synthetic.layer({ train: 120, test: 30 }), { fraction: 0.2 }),
      model: DenseVae.layer({ hidden: [16], latent: 2 }),
      objective: BetaElbo.layer({ beta }),
      training: Training.layer(options),
      evaluation: overTraining
        ? Evaluation.layer(ElboTerms(), ReconstructionsOverTraining({ every: every(1) }))
        : Evaluation.layer(ElboTerms())
    })
  })

/** The run's folder, and everything that a run is without what belongs to one process. */
const leftIn = Effect.fnUntraced(function* (results: string) {
  const folder = yield* (yield* storeOf(results)).experiment("options")
  const [row] = Option.getOrThrow(yield* folder.summary).runs
  const run = yield* Run.make("options", row!.id, (yield* Path.Path).join(folder.directory, row!.id))
  return {
    status: row!.status,
    metrics: row!.metrics,
    history: (yield* run.history).map(({ epoch, metrics, step }) => ({ epoch, metrics, step })),
    checkpoint: Option.getOrThrow(yield* run.checkpoint),
    best: Option.getOrThrow(yield* run.best),
    summary: Option.getOrThrow(yield* run.summary),
    snapshots: yield* Effect.filter([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], (epoch) => run.hasSnapshot(epoch))
  }
}, Effect.provide(platform))

const trained = Effect.fnUntraced(function* (...args: Parameters<typeof experiment>) {
  const results = yield* temporaryFolder
  yield* runExperiment(experiment(...args), results)
  return yield* leftIn(results)
})

const stopping = Training.earlyStopping({ metric: "validation/reconstruction", patience: 2 })

const scheduled: TrainingOptions = {
  epochs: 3,
  batchSize: 32,
  optimizer: AdamW({ learningRate: Schedule.cosine({ from: 1e-2, to: 0, epochs: 3 }) })
}
const warmUp = Schedule.linear({ from: 0, to: 2, epochs: 2 })

/** Options, and the steps after which the run is stopped: in an epoch, and in the one that is cut short. */
const cases: Readonly<Record<string, readonly [TrainingOptions, Schedule.Numeric, ReadonlyArray<number>]>> = {
  "early stopping": [{ epochs: 10, batchSize: 32, optimizer: Adam({ learningRate: 0.3 }), stopping }, 1, [4]],
  "everything else": [
    {
      steps: 5,
      batchSize: 40,
      lastBatch: "drop",
      accumulate: 3,
      average: { decay: 0.9 },
      optimizer: scheduled.optimizer
    },
    warmUp,
    [3]
  ]
}

describe("a training with", () => {
  for (const [name, [options, beta, stops]] of Object.entries(cases)) {
    it.effect(`${name} gives the same bits when interrupted and resumed`, () =>
      Effect.gen(function* () {
        const straight = yield* trained(options, beta)
        assert.strictEqual(straight.status, "done")
        for (const steps of stops) {
          const results = yield* temporaryFolder
          yield* keepUntil(experiment(options, beta), results, steps)
          yield* runExperiment(experiment(options, beta), results)
          assert.deepStrictEqual(yield* leftIn(results), straight)
        }
      })
    )
  }

  it.effect("a duration in steps shortens the last epoch", () =>
    Effect.gen(function* () {
      const { history, summary } = yield* trained({ steps: 10, batchSize: 32, optimizer })
      assert.deepStrictEqual(
        history.map(({ epoch, step }) => [epoch, step]),
        [
          [1, 3],
          [2, 6],
          [3, 9],
          [4, 10]
        ]
      )
      assert.strictEqual(summary.step, 10)
    })
  )

  it.effect("a dropped last batch leaves only full batches", () =>
    Effect.gen(function* () {
      const { history } = yield* trained({ epochs: 2, batchSize: 40, lastBatch: "drop", optimizer })
      assert.deepStrictEqual(
        history.map(({ step }) => step),
        [2, 4]
      )
    })
  )

  it.effect("no full batch is refused", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* Effect.ignore(
        runExperiment(experiment({ epochs: 1, batchSize: 97, lastBatch: "drop", optimizer }), results)
      )
      const folder = yield* (yield* storeOf(results)).experiment("options")
      const [row] = Option.getOrThrow(yield* folder.summary).runs
      assert.match(row!.error ?? "", /batchSize is 97, but there are 96 training images/)
    }).pipe(Effect.provide(platform))
  )

  it.effect("accumulation equals steps of whole batches, up to rounding", () =>
    Effect.gen(function* () {
      const whole = yield* trained({ epochs: 1, batchSize: 40, optimizer })
      for (const accumulate of [3, 40]) {
        const pieces = yield* trained({ epochs: 1, batchSize: 40, accumulate, optimizer })
        pieces.history.forEach(({ metrics, step }, index) => {
          assert.strictEqual(step, whole.history[index]!.step)
          for (const [metric, value] of Object.entries(whole.history[index]!.metrics)) {
            assert.closeTo(metrics[metric]! / value, 1, 1e-3, metric)
          }
        })
      }
    })
  )

  it.effect("an average evaluates the moving average of the parameters", () =>
    Effect.gen(function* () {
      const decay = 0.9
      const paths = yield* Effect.forEach([1, 2, 3], (steps) =>
        trained({ steps, batchSize: 32, average: { decay }, optimizer })
      )
      const name = "decoder/output/bias"
      const values = paths.map(({ checkpoint }) => under("parameters/", checkpoint.tensors)[name]!.values)
      const weights = values.map((_, index) => decay ** (values.length - 1 - index))
      const sum = weights.reduce((total, weight) => total + weight)
      const expected = Array.from(values[0]!, (_, place) =>
        weights.reduce((total, weight, index) => total + (weight * values[index]![place]!) / sum, 0)
      )
      const last = paths.at(-1)!
      assertClose(last.checkpoint.tensors[`average/${name}`]!.values, expected, 1e-6)
      // The history's test loss is that of the average, as is the evaluation's.
      const terms = last.history.at(-1)!.metrics
      assert.strictEqual(last.metrics!["test/elbo"], -(terms["test/reconstruction"]! + terms["test/kl"]!))
      const without = yield* trained({ steps: 3, batchSize: 32, optimizer })
      assert.deepStrictEqual(
        under("parameters/", last.checkpoint.tensors),
        under("parameters/", without.checkpoint.tensors)
      )
      assert.notStrictEqual(terms["test/loss"], without.history.at(-1)!.metrics["test/loss"])
    })
  )

  it.effect("early stopping ends it, and returns the best parameters", () =>
    Effect.gen(function* () {
      const options = { epochs: 10, batchSize: 32, optimizer: Adam({ learningRate: 0.3 }) } as const
      const { best, history, metrics, snapshots, summary } = yield* trained({ ...options, stopping }, 1, true)
      const found = history.map((line) => line.metrics["validation/reconstruction"]!)
      const chosen = found.indexOf(Math.min(...found)) + 1
      assert.isBelow(history.length, 10)
      assert.strictEqual(history.length, chosen + 2)
      assert.strictEqual(best.epoch, chosen)
      assert.strictEqual(summary.epoch, chosen)
      assert.deepStrictEqual(summary.metrics, history[chosen - 1]!.metrics)
      assert.strictEqual(metrics!["test/reconstruction"], history[chosen - 1]!.metrics["test/reconstruction"])
      assert.deepStrictEqual(
        snapshots,
        Array.from({ length: history.length + 1 }, (_, epoch) => epoch)
      )
    })
  )

  it.effect("schedules record their values", () =>
    Effect.gen(function* () {
      const { history } = yield* trained(scheduled, warmUp)
      const shown = (name: string) => history.map(({ metrics }) => metrics[`schedule/${name}`]!)
      // After 2, 5 and 8 of 9 steps of 3 per epoch: the values that the last step of each epoch used.
      assertClose(shown("beta"), [2 / 3, 5 / 3, 2], 1e-6)
      assertClose(
        shown("learning-rate"),
        [2, 5, 8].map((step) => (1e-2 * (1 + Math.cos((Math.PI * step) / 9))) / 2),
        1e-7
      )
      for (const { metrics } of history) {
        const weighted = metrics["test/reconstruction"]! + metrics["schedule/beta"]! * metrics["test/kl"]!
        assert.closeTo(metrics["test/loss"]! / weighted, 1, 1e-5)
      }
    })
  )
})
