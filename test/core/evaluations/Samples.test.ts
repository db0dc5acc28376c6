import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Samples } from "../../../src/core/evaluations/Samples.ts"
import { compiles } from "../figures/compiles.ts"
import { fakeLayer, kinds } from "./FakeTrainedModel.ts"

describe("Samples", () => {
  it.effect("decodes standard normal codes, the same for the same seed", () => {
    const decoded: Array<Float32Array> = []
    return Effect.gen(function* () {
      const first = yield* Samples({ count: 2_000 }).run
      const again = yield* Samples({ count: 2_000 }).run
      assert.deepStrictEqual(first, again)
      const codes = decoded[0]!
      assert.strictEqual(codes.length, 6_000)
      const mean = codes.reduce((sum, value) => sum + value, 0) / codes.length
      const variance = codes.reduce((sum, value) => sum + value * value, 0) / codes.length - mean * mean
      // Four standard errors: 4 / sqrt(6000) and 4 sqrt(2 / 6000).
      assert.approximately(mean, 0, 0.052)
      assert.approximately(variance, 1, 0.074)
    }).pipe(Effect.provide(fakeLayer({ latent: 3, onDecode: (codes) => void decoded.push(codes) })))
  })

  it.effect.each(kinds)("makes a figure: $name", (kind) =>
    Effect.gen(function* () {
      const { figures } = yield* Samples().run
      yield* compiles(figures[0]!)
      assert.strictEqual(figures[0]!.title, "Fake: samples from the prior")
      assert.include(figures[0]!.caption, "100 codes drawn from the prior, N(0, I), of 2 latent dimensions")
    }).pipe(Effect.provide(fakeLayer(kind)))
  )

  it.effect("makes a figure for a count that is not a square", () =>
    Effect.gen(function* () {
      yield* compiles((yield* Samples({ count: 7 }).run).figures[0]!)
    }).pipe(Effect.provide(fakeLayer({ latent: 1 })))
  )
})
