import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { meanImage, ReconstructionError } from "../../../src/core/evaluations/ReconstructionError.ts"
import { imagesAt } from "../../../src/core/evaluations/Reconstructions.ts"
import { TrainedModel } from "../../../src/core/TrainedModel.ts"
import { fake, fakeLayer, kinds } from "./FakeTrainedModel.ts"

describe("ReconstructionError", () => {
  it("averages images pixelwise", () => {
    const mean = meanImage({ count: 2, images: Uint8Array.of(0, 255, 51, 102, 255, 51) })
    assert.deepStrictEqual([...mean], [51 / 255, 1, 51 / 255])
  })

  it.effect.each([...kinds, { name: "more images than are decoded at a time", count: 1_003 }])(
    "covers all test images: $name",
    (kind) =>
      Effect.gen(function* () {
        const { metrics } = yield* ReconstructionError().run
        const { data, decode, encode, shape } = yield* TrainedModel
        const indices = Int32Array.from({ length: data.test.count }, (_, index) => index)
        const images = imagesAt(data.test, shape, indices)
        const decoded = yield* decode((yield* encode("test", indices)).mean)
        const average = meanImage(data.train)
        const error = (other: (place: number) => number) =>
          images.reduce((sum, value, place) => sum + (value - other(place)) ** 2, 0) / images.length
        assert.hasAllKeys(metrics, ["reconstruction/mean-squared-error", "mean-image/mean-squared-error"])
        assert.approximately(
          metrics["reconstruction/mean-squared-error"]!,
          error((place) => decoded[place]!),
          1e-9
        )
        assert.approximately(
          metrics["mean-image/mean-squared-error"]!,
          error((place) => average[place % average.length]!),
          1e-9
        )
      }).pipe(Effect.provide(fakeLayer(kind)))
  )

  it.effect("gives labels to a decoder that takes them", () => {
    const given: Array<ArrayLike<number> | undefined> = []
    return Effect.gen(function* () {
      yield* ReconstructionError().run
      assert.deepStrictEqual(given, [Int32Array.of(0, 1, 0)])
    }).pipe(
      Effect.provide(
        fakeLayer({ count: 3, classes: 2, conditional: true, onDecode: (_, labels) => given.push(labels) })
      )
    )
  })

  it.effect("fails without test images", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(ReconstructionError().run)
      assert.strictEqual(error.message, "ReconstructionError: there are no test images")
    }).pipe(Effect.provideService(TrainedModel, fake({ count: 0 })), Effect.provide(fakeLayer()))
  )
})
