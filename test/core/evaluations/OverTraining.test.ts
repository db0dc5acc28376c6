import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Labels } from "../../../src/core/Dataset.ts"
import type { TrainingEvaluator } from "../../../src/core/Evaluation.ts"
import type { Animation } from "../../../src/core/Figure.ts"
import { LatentScatterOverTraining } from "../../../src/core/evaluations/LatentScatterOverTraining.ts"
import { ManifoldOverTraining } from "../../../src/core/evaluations/ManifoldOverTraining.ts"
import { ReconstructionsOverTraining } from "../../../src/core/evaluations/ReconstructionsOverTraining.ts"
import { PlanarLatent } from "../../../src/core/Model.ts"
import { epochs } from "../../../src/core/EpochInterval.ts"
import { compiles } from "../figures/compiles.ts"
import { fakeSnapshots } from "./FakeSnapshots.ts"
import { type FakeOptions, fakeLayer, kinds } from "./FakeTrainedModel.ts"

/** The only animation that an evaluation makes of a training of `total` epochs; every frame is a figure. */
const animationOf = (
  evaluator: TrainingEvaluator<Labels | PlanarLatent>,
  total: number,
  options: FakeOptions = {}
): Effect.Effect<Animation, unknown> =>
  Effect.gen(function* () {
    const { animations, figures } = yield* evaluator.run
    assert.strictEqual(animations?.length, 1)
    assert.deepStrictEqual(figures, [])
    const [animation] = animations!
    for (const { label, view } of animation!.frames) {
      yield* compiles({ ...animation!, title: `${animation!.title}, ${label}`, view })
    }
    return animation!
  }).pipe(Effect.provide(Layer.merge(fakeLayer(options), fakeSnapshots(total, options))))

interface Scatter {
  readonly data: { readonly values: ReadonlyArray<{ readonly x: number; readonly y: number }> }
  readonly encoding: { readonly x: { readonly scale: unknown }; readonly y: { readonly scale: unknown } }
}

const members = [
  { name: "reconstructions-over-training", make: ReconstructionsOverTraining },
  { name: "manifold-over-training", make: ManifoldOverTraining },
  { name: "latent-scatter-over-training", make: LatentScatterOverTraining }
]

describe.each(members)("$name", ({ make, name }) => {
  it.effect("has a frame before training and after each due epoch, and reports it", () =>
    Effect.gen(function* () {
      const all = yield* animationOf(make(), 3)
      assert.strictEqual(all.name, name)
      assert.deepStrictEqual(
        all.frames.map(({ label }) => label),
        ["epoch 0 of 3", "epoch 1 of 3", "epoch 2 of 3", "epoch 3 of 3"]
      )
      assert.include(all.caption, "4 frames: before training, after every epoch and at the end.")
      const some = yield* animationOf(make({ every: epochs(2) }), 3)
      assert.deepStrictEqual(
        some.frames.map(({ label }) => label),
        ["epoch 0 of 3", "epoch 2 of 3", "epoch 3 of 3"]
      )
      assert.include(some.caption, "after every 2 epochs")
    })
  )

  it.effect("thins many epochs, and reports it", () =>
    Effect.gen(function* () {
      const { caption, frames } = yield* animationOf(make(), 100, { count: 4 })
      assert.strictEqual(frames.length, 40)
      assert.include(caption, "40 frames, evenly chosen from the 101 before training")
    })
  )

  it.effect.each(kinds)("handles $name", (kind) => animationOf(make({ every: epochs(5) }), 5, kind))

  it("names what it needs and its schedule", () => {
    assert.strictEqual(make({ every: epochs(7) }).spec["every"], 7)
    assert.deepStrictEqual(make({ every: epochs(7) }).every, epochs(7))
    assert.notDeepEqual(make({ every: epochs(7) }).spec, make().spec)
  })
})

describe("over training", () => {
  it.effect("each frame shows the model of its epoch", () =>
    Effect.gen(function* () {
      const { frames } = yield* animationOf(LatentScatterOverTraining(), 4)
      const spread = frames.map(({ view }) =>
        Math.max(...(view as unknown as Scatter).data.values.map(({ x }) => Math.abs(x)))
      )
      spread.forEach((value, epoch) => assert.approximately(value, (epoch / 4) * spread[4]!, 0.01))
    })
  )

  it.effect("the axes of a scatter plot are fixed and contain every frame's points", () =>
    Effect.gen(function* () {
      const { frames } = yield* animationOf(LatentScatterOverTraining({ split: "train", count: 20 }), 3)
      const views = frames.map(({ view }) => view as unknown as Scatter)
      for (const { encoding, data } of views) {
        assert.deepStrictEqual(encoding.x.scale, views[0]!.encoding.x.scale)
        assert.deepStrictEqual(encoding.y.scale, views[0]!.encoding.y.scale)
        assert.strictEqual(data.values.length, 20)
      }
      const [low, high] = (views[0]!.encoding.x.scale as { readonly domain: readonly [number, number] }).domain
      for (const { x } of views.flatMap(({ data }) => data.values)) assert.isTrue(low <= x && x <= high)
    })
  )

  it.effect("the caption has the errors of the first and the last reconstructions", () =>
    Effect.gen(function* () {
      const { caption } = yield* animationOf(ReconstructionsOverTraining({ count: 6 }), 2)
      assert.match(caption, /mean squared error 0\.\d+ per pixel at first, 0\.\d+ at the end \(pixels from 0 to 1\)/)
    })
  )

  it("requires labels and a plane if it shows them", () => {
    assert.deepStrictEqual(ReconstructionsOverTraining().needs, [])
    assert.deepStrictEqual(ManifoldOverTraining().needs, [PlanarLatent])
    assert.deepStrictEqual(LatentScatterOverTraining().needs, [Labels, PlanarLatent])
  })
})
