import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { KlPerDimension, klPerDimension } from "../../../src/core/evaluations/KlPerDimension.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"
import { textOf } from "../figures/compiles.ts"
import { fakeLayer } from "./FakeTrainedModel.ts"

describe("KlPerDimension", () => {
  it("is 0 if the posterior is the prior, and the closed form otherwise", () => {
    const codes = { mean: Float32Array.of(0, 1, 0, 3), deviation: Float32Array.of(1, 1, 1, 2) }
    assertClose(klPerDimension(codes, 2), [0, (0.5 + 0.5 * (9 + 4 - 1 - Math.log(4))) / 2], 1e-6)
  })

  it("is infinite for codes without noise", () => {
    const codes = { mean: Float32Array.of(0), deviation: Float32Array.of(0) }
    assert.deepStrictEqual(klPerDimension(codes, 1), [Number.POSITIVE_INFINITY])
  })

  it.effect("sorts the dimensions in descending order", () =>
    Effect.gen(function* () {
      const { figures } = yield* KlPerDimension().run
      assert.strictEqual(figures[0]!.name, "kl-per-dimension")
      assert.match(figures[0]!.caption, /\d+ of \d+ dimensions carry more than 0\.01 nats/)
      assert.include(yield* textOf(figures[0]!), "KL divergence (nats per image)")
    }).pipe(Effect.provide(fakeLayer({})))
  )
})
