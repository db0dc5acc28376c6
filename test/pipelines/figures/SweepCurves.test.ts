import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { sweepCurves } from "../../../src/pipelines/figures/SweepCurves.ts"
import { compiles, textOf } from "../../core/figures/compiles.ts"

const history = (kl: number) =>
  [1, 2].map((epoch) => ({
    epoch,
    step: epoch,
    metrics: { "train/loss": 9, "test/loss": 200 / epoch, "test/reconstruction": 150, "test/kl": kl },
    examplesPerSecond: 1
  }))

describe("SweepCurves", () => {
  it.effect("shows each run's test terms; a term over several decades on a logarithmic axis", () =>
    Effect.gen(function* () {
      const figure = sweepCurves(
        [
          { label: "β = 0", history: history(40) },
          { label: "β = 200", history: history(0.0001) }
        ],
        { title: "T" }
      )
      const text = yield* textOf(figure)
      assert.includeMembers(text, [
        "loss (nats per image)",
        "reconstruction (nats per image)",
        "KL divergence (nats per image, log)",
        "β = 0",
        "β = 200",
        "run"
      ])
      assert.include(figure.caption, "2 epochs")
    })
  )

  it.effect("keeps a linear axis if a value is 0", () =>
    Effect.gen(function* () {
      const runs = [history(0), history(30)].map((values, index) => ({ label: String(index), history: values }))
      assert.include(yield* textOf(sweepCurves(runs, { title: "T" })), "KL divergence (nats per image)")
    })
  )

  it.effect("compiles for runs without a history and for a dozen runs", () =>
    Effect.gen(function* () {
      yield* compiles(sweepCurves([{ label: "a", history: [] }], { title: "T" }))
      const dozen = Array.from({ length: 12 }, (_, index) => ({ label: `run ${index}`, history: history(index + 1) }))
      yield* compiles(sweepCurves(dozen, { title: "T" }))
    })
  )
})
