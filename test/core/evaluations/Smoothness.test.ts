import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { changes, Smoothness } from "../../../src/core/evaluations/Smoothness.ts"
import { TrainedModel } from "../../../src/core/TrainedModel.ts"
import { textOf } from "../figures/compiles.ts"
import { fake, fakeLayer, kinds } from "./FakeTrainedModel.ts"

/** The fake with another decoder: each of an image's 16 pixels is a function of the first two dimensions. */
const decoding = (pixel: (x: number, y: number) => number) =>
  Layer.mergeAll(
    fakeLayer(),
    Layer.succeed(TrainedModel, {
      ...fake(),
      decode: (codes) =>
        Effect.succeed(
          Float32Array.from({ length: codes.length * 8 }, (_, place) => {
            const first = 2 * Math.floor(place / 16)
            return pixel(codes[first]!, codes[first + 1]!)
          })
        )
    })
  )

describe("Smoothness", () => {
  it("measures each step by its Euclidean length", () => {
    assert.deepStrictEqual(changes(Float32Array.of(0, 0, 3, 4, 3, 4, 3, 5), 4, 2), [5, 0, 1])
    assert.deepStrictEqual(changes(Float32Array.of(1, 2), 1, 2), [])
  })

  it.effect("is even if the image is a linear function of the code", () =>
    Effect.gen(function* () {
      const { metrics } = yield* Smoothness({ lines: 10, steps: 8 }).run
      assert.approximately(metrics["smoothness/largest-over-mean"]!, 1, 1e-3)
    }).pipe(Effect.provide(decoding((x, y) => x + y)))
  )

  it.effect("measures the change of an image per unit of code", () =>
    Effect.gen(function* () {
      const { metrics } = yield* Smoothness({ lines: 10, steps: 8 }).run
      // Eight pixels follow each dimension: the image moves √8 by unit of code, in any direction.
      assert.approximately(metrics["smoothness/change-per-unit"]!, Math.sqrt(8), 1e-3)
    }).pipe(
      Effect.provide(
        Layer.mergeAll(
          fakeLayer(),
          Layer.succeed(TrainedModel, {
            ...fake(),
            decode: (codes) =>
              Effect.succeed(
                Float32Array.from({ length: codes.length * 8 }, (_, at) => codes[2 * Math.floor(at / 16) + (at % 2)]!)
              )
          })
        )
      )
    )
  )

  it.effect("detects a jump: all of a line's change in one step", () =>
    Effect.gen(function* () {
      const { metrics } = yield* Smoothness({ lines: 10, steps: 8 }).run
      assert.approximately(metrics["smoothness/largest-over-mean"]!, 8, 1e-3)
    }).pipe(Effect.provide(decoding((x) => (x > 0 ? 1 : 0))))
  )

  it.effect("gives no metrics if nothing changes", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Smoothness().run, { metrics: {}, figures: [] })
    }).pipe(Effect.provide(decoding(() => 0.5)))
  )

  it.effect.each(kinds.filter(({ count = 30 }) => count > 1))("makes a figure: $name", (kind) =>
    Effect.gen(function* () {
      const { figures } = yield* Smoothness().run
      assert.include(yield* textOf(figures[0]!), "Fake: change of the image along lines between codes")
    }).pipe(Effect.provide(fakeLayer(kind)))
  )
})
