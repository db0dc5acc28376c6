import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Reference from "../../../src/core/engines/Reference.ts"
import { coverage, effectiveClasses, radii, SampleQuality } from "../../../src/core/evaluations/SampleQuality.ts"
import { TrainedModel } from "../../../src/core/TrainedModel.ts"
import { textOf } from "../figures/compiles.ts"
import { fake, fakeLayer, kinds } from "./FakeTrainedModel.ts"

const shape = { height: 1, width: 4, channels: 1 }

/** Images of `count` examples, each lit in the pixel of its class, a little dimmer from one to the next. */
const lit = (count: number, start: number) => ({
  count,
  images: Uint8Array.from({ length: count * 4 }, (_, place) =>
    place % 4 === Math.floor(place / 4) % 4 ? 255 - ((Math.floor(place / 4) * 7 + start) % 60) : 0
  ),
  labels: Uint8Array.from({ length: count }, (_, index) => index % 4)
})

/** A model of such images whose decoder lights the pixel that `choose` says of the sample's place. */
const sampling = (choose: (place: number) => number) =>
  Layer.merge(
    Reference.layer,
    Layer.succeed(TrainedModel, {
      ...fake(),
      shape,
      data: { train: lit(80, 0), test: lit(40, 3) },
      decode: (codes) =>
        Effect.succeed(
          Float32Array.from({ length: codes.length * 2 }, (_, place) =>
            place % 4 === choose(Math.floor(place / 4)) ? 1 - ((Math.floor(place / 4) * 5) % 60) / 255 : 0
          )
        )
    })
  )

describe("SampleQuality", () => {
  it("weighs classes by frequency", () => {
    assert.approximately(effectiveClasses([3, 1, 2, 0]), 4, 1e-12)
    assert.approximately(effectiveClasses([5, 5, 5]), 1, 1e-12)
    assert.approximately(
      effectiveClasses([0, 0, 0, 1]),
      Math.exp(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25)),
      1e-12
    )
  })

  it("covers points within the distance to the n-th nearest other", () => {
    // Points at 0, 1, 3 and 7 on a line.
    const at = [0, 1, 3, 7]
    const within = {
      rows: 4,
      columns: 4,
      values: Float32Array.from(at.flatMap((a) => at.map((b) => Math.abs(a - b))))
    }
    assert.deepStrictEqual(radii(within, 1), [1, 1, 2, 4])
    assert.deepStrictEqual(radii(within, 2), [3, 2, 3, 6])
    assert.deepStrictEqual(radii({ rows: 1, columns: 1, values: Float32Array.of(0) }, 5), [0])
    // A sample at 0.5 lies nearer than 1 to the first two only, one at 3 covers itself and, at distance 4, not the
    // last.
    const to = (sample: number) => at.map((b) => Math.abs(sample - b))
    const samples = { rows: 2, columns: 4, values: Float32Array.from([...to(0.5), ...to(3)]) }
    assert.strictEqual(coverage(samples, [1, 1, 2, 4]), 0.75)
  })

  it.effect("finds samples of every class as good as real images", () =>
    Effect.gen(function* () {
      const { figures, metrics } = yield* SampleQuality().run
      assert.isAbove(metrics["samples/coverage"]!, 0.9)
      assert.isAbove(metrics["training/coverage"]!, 0.9)
      assert.isBelow(metrics["samples/nearest-distance"]!, 0.05)
      assert.approximately(metrics["samples/classes"]!, 4, 1e-9)
      assert.approximately(metrics["test/classes"]!, 4, 1e-9)
      assert.strictEqual(metrics["samples/agreement"], 1)
      assert.strictEqual(metrics["test/vote-accuracy"], 1)
      assert.includeMembers([...(yield* textOf(figures[0]!))], ["sample", "nearest"])
    }).pipe(Effect.provide(sampling((place) => place % 4)))
  )

  it.effect("distinguishes a model of one class from one of all classes at equal distances", () =>
    Effect.gen(function* () {
      const { metrics } = yield* SampleQuality().run
      assert.isBelow(metrics["samples/nearest-distance"]!, 0.05)
      assert.isAtMost(metrics["samples/coverage"]!, 0.25)
      assert.approximately(metrics["samples/classes"]!, 1, 1e-9)
    }).pipe(Effect.provide(sampling(() => 2)))
  )

  it.effect.each(kinds)("makes a figure: $name", (kind) =>
    Effect.gen(function* () {
      const { figures, metrics } = yield* SampleQuality({ count: 20 }).run
      assert.include(yield* textOf(figures[0]!), "Fake: samples and their nearest training images")
      assert.isTrue(Object.values(metrics).every(Number.isFinite), JSON.stringify(metrics))
      assert.strictEqual("samples/classes" in metrics, kind.labelled ?? true)
    }).pipe(Effect.provide(fakeLayer(kind)))
  )
})
