import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  sideBySideRows,
  chooseExamples,
  imagesAt,
  Reconstructions,
  stackRows
} from "../../../src/core/evaluations/Reconstructions.ts"
import { compiles, textOf } from "../figures/compiles.ts"
import { codeOf, fake, fakeLayer, kinds } from "./FakeTrainedModel.ts"

const labelled = (...labels: ReadonlyArray<number>) => ({
  count: labels.length,
  images: Uint8Array.from(labels, (_, index) => index),
  labels: Uint8Array.from(labels)
})

describe("Reconstructions", () => {
  it("selects the first of each class, then the second", () => {
    const examples = labelled(2, 2, 0, 1, 0, 0, 2)
    assert.deepStrictEqual([...chooseExamples(examples, 3)], [2, 3, 0])
    assert.deepStrictEqual([...chooseExamples(examples, 5)], [2, 3, 0, 4, 1])
    assert.deepStrictEqual([...chooseExamples(examples, 100)].toSorted(), [0, 1, 2, 3, 4, 5, 6])
  })

  it("selects the first examples without labels", () => {
    assert.deepStrictEqual([...chooseExamples({ count: 9, images: new Uint8Array(9) }, 4)], [0, 1, 2, 3])
  })

  it("scales images to [0, 1] and alternates rows of images and reconstructions", () => {
    const images = imagesAt(labelled(0, 0, 0), { height: 1, width: 1, channels: 1 }, Int32Array.of(2, 0))
    assert.deepStrictEqual(images, Float32Array.of(2 / 255, 0))
    const rows = stackRows([Float32Array.of(1, 2, 3), Float32Array.of(10, 20, 30)], 2)
    assert.deepStrictEqual([...rows], [1, 2, 10, 20, 3, 1, 30, 1])
  })

  it("puts rows of images and reconstructions side by side, with a white cell between", () => {
    const beside = sideBySideRows([Float32Array.of(0.1, 0.2, 0.3), Float32Array.of(0.4, 0.5, 0.6)], 2, 1)
    assert.deepStrictEqual(beside, Float32Array.of(0.1, 0.2, 1, 0.4, 0.5, 0.3, 1, 1, 0.6, 1))
  })

  it.effect.each(kinds)("makes a figure of two squares: $name", (kind) =>
    Effect.gen(function* () {
      const { figures } = yield* Reconstructions({ count: 25, layout: "beside" }).run
      assert.includeMembers(yield* textOf(figures[0]!), ["images", "reconstructions"])
      assert.include(figures[0]!.caption, "in the same position on the right")
    }).pipe(Effect.provide(fakeLayer(kind)))
  )

  it.effect.each(kinds)("makes a figure: $name", (kind) =>
    Effect.gen(function* () {
      const { figures } = yield* Reconstructions().run
      const text = yield* textOf(figures[0]!)
      assert.includeMembers(text, ["Fake: test images and their reconstructions", "image", "reconstruction"])
      const count = Math.min(10, kind.count ?? 30)
      assert.include(figures[0]!.caption, `${count} test image${count === 1 ? "" : "s"} of Fake`)
    }).pipe(Effect.provide(fakeLayer(kind)))
  )

  it.effect("decodes the posterior means and reports the error per pixel", () => {
    const decoded: Array<Float32Array> = []
    return Effect.gen(function* () {
      const { figures } = yield* Reconstructions({ count: 12 }).run
      yield* compiles(figures[0]!)
      const model = fake()
      const indices = chooseExamples(model.data.test, 12)
      assert.approximately(decoded[0]![2]!, codeOf(indices[1]!, 1, 0), 1e-6)
      const images = imagesAt(model.data.test, model.shape, indices)
      const reconstructions = yield* model.decode(decoded[0]!)
      const error = images.reduce(
        (sum, value, index) => sum + (value - reconstructions[index]!) ** 2 / images.length,
        0
      )
      assert.include(figures[0]!.caption, `mean squared error ${error.toPrecision(3)} per pixel`)
    }).pipe(Effect.provide(fakeLayer({ onDecode: (codes) => void decoded.push(codes) })))
  })
})
