import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { latentLines, pointsBetween } from "../../../src/core/evaluations/LatentLines.ts"
import { fakeLayer } from "./FakeTrainedModel.ts"

describe("pointsBetween", () => {
  it("has equal steps from one code to the other, both included", () => {
    assert.deepStrictEqual(
      [...pointsBetween(Float32Array.of(0, 4), Float32Array.of(2, 0), 5)],
      [0, 4, 0.5, 3, 1, 2, 1.5, 1, 2, 0]
    )
    assert.deepStrictEqual([...pointsBetween(Float32Array.of(3), Float32Array.of(5), 1)], [3])
  })
})

describe("latentLines", () => {
  it.effect("joins the codes of test images in pairs, with the first one's label along the line", () => {
    const decoded: Array<{ readonly codes: Float32Array; readonly labels: ReadonlyArray<number> }> = []
    const onDecode = (codes: Float32Array, labels: ArrayLike<number> | undefined) =>
      void decoded.push({ codes, labels: Array.from(labels ?? []) })
    return Effect.gen(function* () {
      const { images, lengths, lines } = yield* latentLines(4, 3)
      const { codes, labels } = decoded[0]!
      assert.strictEqual(lines, 4)
      assert.lengthOf(images, 4 * 3 * 16)
      assert.lengthOf(codes, 4 * 3 * 2)
      for (let line = 0; line < 4; line++) {
        const [x0, y0, x1, y1, x2, y2] = codes.subarray(line * 6, (line + 1) * 6)
        assert.approximately(x1!, (x0! + x2!) / 2, 1e-5)
        assert.approximately(y1!, (y0! + y2!) / 2, 1e-5)
        assert.approximately(lengths[line]!, Math.hypot(x2! - x0!, y2! - y0!), 1e-4)
        // Classes are 5 apart: the code tells the label of its image.
        const label = [0, 1, 2].find((candidate) => Math.abs(x0! - 5 * Math.cos(candidate + 1)) < 0.2)
        assert.deepStrictEqual(labels.slice(line * 3, line * 3 + 3), [label!, label!, label!])
      }
    }).pipe(Effect.provide(fakeLayer({ conditional: true, onDecode })))
  })

  it.effect("makes as many lines as there are pairs of images", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* latentLines(50, 3)).lines, 2)
    }).pipe(Effect.provide(fakeLayer({ count: 5 })))
  )
})
