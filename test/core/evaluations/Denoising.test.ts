import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Denoising } from "../../../src/core/evaluations/Denoising.ts"
import { chooseExamples, imagesAt } from "../../../src/core/evaluations/Reconstructions.ts"
import { textOf } from "../figures/compiles.ts"
import { fake, fakeLayer, kinds } from "./FakeTrainedModel.ts"

const brightness = (image: Float32Array): number => image.reduce((sum, value) => sum + value, 0) / image.length

describe("Denoising", () => {
  it.effect.each(kinds)("makes a figure: $name", (kind) =>
    Effect.gen(function* () {
      const { figures, metrics } = yield* Denoising({ probability: 0.3 }).run
      const text = yield* textOf(figures[0]!)
      assert.includeMembers(text, ["Fake: restored from salt-and-pepper noise", "corrupted", "restored", "clean"])
      assert.include(figures[0]!.caption, `${Math.min(10, kind.count ?? 30)} test images of Fake with 30 %`)
      assert.isTrue(Object.values(metrics).every(Number.isFinite))
    }).pipe(Effect.provide(fakeLayer(kind)))
  )

  it.effect("compares the reconstruction of the corrupted image with the clean one", () =>
    Effect.gen(function* () {
      const { metrics } = yield* Denoising({ probability: 0 }).run
      // Without corruption, the fake restores an image of its mean brightness: the error is the variance.
      const { data, shape } = fake()
      const indices = chooseExamples(data.test, 30)
      const images = imagesAt(data.test, shape, indices)
      const variances = Array.from(indices, (_, place) => {
        const image = images.subarray(16 * place, 16 * (place + 1))
        const mean = brightness(image)
        return brightness(image.map((value) => (value - mean) ** 2))
      })
      assert.approximately(
        metrics["denoising/mean-squared-error"]!,
        variances.reduce((sum, value) => sum + value, 0) / 30,
        1e-6
      )
      assert.strictEqual(metrics["denoising/corrupted-mean-squared-error"], 0)
    }).pipe(Effect.provide(fakeLayer()))
  )

  it.effect("corrupts the requested fraction of the pixels", () =>
    Effect.gen(function* () {
      const { metrics } = yield* Denoising({ probability: 1 }).run
      const { data, shape } = fake()
      const images = imagesAt(data.test, shape, chooseExamples(data.test, 30))
      // Each pixel becomes 0 or 1 with equal probability.
      const expected = brightness(images.map((value) => 0.5 * value ** 2 + 0.5 * (1 - value) ** 2))
      assert.approximately(metrics["denoising/corrupted-mean-squared-error"]!, expected, 0.06)
    }).pipe(Effect.provide(fakeLayer()))
  )

  it.effect("refuses a probability outside [0, 1]", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Denoising({ probability: 2 }).run)
      assert.strictEqual(error.message, "Denoising: probability is 2; it must be from 0 to 1")
    }).pipe(Effect.provide(fakeLayer()))
  )
})
