import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { DatasetError } from "../../../src/core/Dataset.ts"
import * as Experiment from "../../../src/core/Experiment.ts"
import * as Estimate from "../../../src/pipelines/sweep/Estimate.ts"
import { plan } from "../../../src/pipelines/plan/Plan.ts"
import { engine, experiment, platform } from "../Sandbox.ts"

const planned = Effect.provide(
  plan(experiment().pipe(Experiment.grid({ epochs: [1, 1000] })), (dataset) => dataset.locate),
  platform
)

describe("Estimate", () => {
  it.live("measures each kind of step once, and multiplies by epochs", () =>
    Effect.gen(function* () {
      const runs = yield* planned
      let loads = 0
      const estimate = Estimate.make((run) =>
        Effect.suspend(() => {
          loads += 1
          return Effect.flatMap(run.dataset.locate, run.dataset.load).pipe(Effect.provide(platform))
        })
      )
      const [one, thousand] = [yield* estimate(runs[0]!), yield* estimate(runs[1]!)]
      assert.isAbove(one!, 0)
      assert.closeTo(thousand! / one!, 1000, 1e-9)
      assert.strictEqual(loads, 1)
    }).pipe(Effect.provide(engine))
  )

  it.live("measures a step with more codes per image separately", () =>
    Effect.gen(function* () {
      const [run] = yield* planned
      let loads = 0
      const estimate = Estimate.make((run) =>
        Effect.suspend(() => {
          loads += 1
          return Effect.flatMap(run.dataset.locate, run.dataset.load).pipe(Effect.provide(platform))
        })
      )
      yield* estimate({ ...run!, objective: { ...run!.objective, draws: 1 } })
      assert.strictEqual(loads, 1)
      yield* estimate({ ...run!, objective: { ...run!.objective, draws: 2 } })
      assert.strictEqual(loads, 2)
    }).pipe(Effect.provide(engine))
  )

  it.live("is missing for a run whose data cannot be read", () =>
    Effect.gen(function* () {
      const [run] = yield* planned
      const estimate = Estimate.make(() => Effect.fail(new DatasetError({ dataset: "gone", reason: "it is gone" })))
      assert.isUndefined(yield* estimate(run!))
    }).pipe(Effect.provide(engine))
  )
})
