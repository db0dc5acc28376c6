import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Curves, curve, termNames, termTitle } from "../../../src/core/evaluations/Curves.ts"
import { compiles, textOf } from "../figures/compiles.ts"
import { fakeLayer } from "./FakeTrainedModel.ts"

const epoch = (number: number, metrics: Readonly<Record<string, number>>) => ({
  epoch: number,
  step: 10 * number,
  metrics,
  examplesPerSecond: 1
})

const history = [1, 2, 3].map((number) =>
  epoch(number, {
    "train/kl": 3,
    "train/loss": 110 / number,
    "train/reconstruction": 100 / number,
    "test/loss": 120 / number,
    "test/reconstruction": 105 / number,
    "test/kl": 4,
    "train/capacity": number
  })
)

describe("Curves", () => {
  it("reports a loss in nats only if all of its terms are", () => {
    assert.strictEqual(termTitle("loss", ["loss", "kl", "capacity"]), "loss (nats per image)")
    assert.strictEqual(termTitle("loss", ["loss", "half-squared-error"]), "loss (the sum of its terms)")
    assert.strictEqual(termTitle("reconstruction", ["half-squared-error"]), "reconstruction (nats per image)")
    assert.strictEqual(termTitle("half-mean-squared-code", []), "half the mean squared code")
    assert.strictEqual(termTitle("mutual-information", []), "mutual information (nats per image)")
    assert.strictEqual(termTitle("dimension-wise-kl", []), "dimension-wise KL (nats per image)")
    assert.strictEqual(termTitle("kl-group2", []), "KL, group 2 (nats per image)")
  })

  it.effect("has one panel per term with training and test curves, and the last losses in the caption", () =>
    Effect.gen(function* () {
      const { figures } = yield* Curves().run
      const text = yield* textOf(figures[0]!)
      assert.includeMembers(text, [
        "loss (nats per image)",
        "KL divergence (nats per image)",
        "capacity (nats per image)",
        "training",
        "test"
      ])
      assert.include(figures[0]!.title, "Fake")
      assert.include(
        figures[0]!.caption,
        "After epoch 3 the training loss is 36.67 nats per image, the test loss 40.00 nats"
      )
    }).pipe(Effect.provide(fakeLayer({ history })))
  )

  it.effect("has a panel for each schedule, and a line for validation examples", () =>
    Effect.gen(function* () {
      const { figures } = yield* Curves().run
      const text = yield* textOf(figures[0]!)
      assert.includeMembers(text, ["beta (at the last step of the epoch)", "validation", "schedule"])
    }).pipe(
      Effect.provide(
        fakeLayer({
          history: history.map((line) => ({
            ...line,
            metrics: { ...line.metrics, "validation/loss": 130 / line.epoch, "schedule/beta": line.epoch / 3 }
          }))
        })
      )
    )
  )

  it("orders the terms and keeps unknown ones", () => {
    assert.deepStrictEqual(termNames(history), ["loss", "reconstruction", "kl", "capacity"])
    assert.deepStrictEqual(termNames([epoch(1, { seconds: 3 })]), [])
  })

  it("skips epochs without a value", () => {
    assert.deepStrictEqual(curve([epoch(1, { a: 5 }), epoch(2, {}), epoch(3, { a: 4 })], "a"), [
      [1, 5],
      [3, 4]
    ])
  })

  it.effect("compiles for one epoch", () =>
    Effect.gen(function* () {
      yield* compiles((yield* Curves().run).figures[0]!)
    }).pipe(Effect.provide(fakeLayer({ history: history.slice(0, 1) })))
  )

  it.effect("has no figure before the first epoch", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* Curves().run).figures, [])
    }).pipe(Effect.provide(fakeLayer()))
  )
})
