import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import importanceWeighted from "../../experiments/importance-weighted.ts"
import * as Experiment from "../../src/core/Experiment.ts"
import { plan } from "../../src/pipelines/plan/Plan.ts"
import { quickVersion } from "../../src/pipelines/plan/Quick.ts"
import { platform } from "../pipelines/Sandbox.ts"

const located = { source: "built in", location: "nowhere", digest: "0".repeat(64) } as const
const planned = (experiment: Experiment.Experiment<any>) =>
  Effect.provide(
    plan(experiment, () => Effect.succeed(located)),
    platform
  )
const withStages = (stages: number) =>
  importanceWeighted.pipe(Experiment.override([{ stages } as never], ["stages" as never]))

describe("importance-weighted", () => {
  it.effect("trains with 1, 5 and 50 codes for 13 epochs, without references to longer trainings", () =>
    Effect.gen(function* () {
      const runs = yield* planned(importanceWeighted)
      assert.deepStrictEqual(
        runs.map(({ objective, training }) => [objective.draws, training.epochs]),
        [
          [1, 13],
          [5, 13],
          [50, 13]
        ]
      )
      for (const { reference } of runs) assert.deepStrictEqual(reference, {})
    })
  )

  it.effect("as published trains for 3,280 epochs at eight falling learning rates", () =>
    Effect.gen(function* () {
      const runs = yield* planned(withStages(8))
      const { specs, training } = runs[0]!
      assert.strictEqual(training.epochs, 3280)
      assert.deepStrictEqual(specs.training["optimizer"], {
        _tag: "Adam",
        learningRate: {
          _tag: "Piecewise",
          values: [0, 1, 2, 3, 4, 5, 6, 7].map((stage) => 1e-3 * 10 ** (-stage / 7)),
          epochs: [1, 4, 13, 40, 121, 364, 1093]
        },
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-4
      })
      assert.deepStrictEqual(
        runs.map(({ reference }) => reference["test/nll"]),
        [86.76, 85.54, 84.78]
      )
    })
  )

  it.effect("of one stage has one learning rate", () =>
    Effect.gen(function* () {
      const [run] = yield* planned(withStages(1))
      assert.strictEqual(run!.training.epochs, 1)
      assert.deepStrictEqual(run!.training.optimizer.spec["learningRate"], {
        _tag: "Piecewise",
        values: [1e-3],
        epochs: []
      })
    })
  )

  it.effect("keeps drawing its pixels in the quick version", () =>
    Effect.gen(function* () {
      for (const { dataset } of yield* planned(quickVersion(importanceWeighted))) assert.isDefined(dataset.augmentation)
    })
  )
})
