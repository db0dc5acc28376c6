import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ConditionalGrid } from "../../../src/core/evaluations/ConditionalGrid.ts"
import { compiles, textOf } from "../figures/compiles.ts"
import { fakeLayer } from "./FakeTrainedModel.ts"

describe("ConditionalGrid", () => {
  it.effect("decodes the same codes with the label of each row", () => {
    const decoded: Array<{ readonly codes: Float32Array; readonly labels: ReadonlyArray<number> }> = []
    const onDecode = (codes: Float32Array, labels: ArrayLike<number> | undefined) =>
      void decoded.push({ codes, labels: Array.from(labels ?? []) })
    return Effect.gen(function* () {
      const { figures } = yield* ConditionalGrid({ styles: 4 }).run
      const text = yield* textOf(figures[0]!)
      assert.includeMembers(text, ["Fake: one class per row, one style per column", "class 0", "class 1", "class 2"])
      assert.include(figures[0]!.caption, "each of the 3 classes y of Fake (rows) and 4 codes z")
      const [{ codes, labels }] = decoded as [(typeof decoded)[0]]
      assert.deepStrictEqual(labels, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
      assert.lengthOf(codes, 12 * 2)
      assert.deepStrictEqual(codes.slice(8, 16), codes.slice(0, 8))
      assert.strictEqual(new Set(codes.slice(0, 8)).size, 8)
    }).pipe(Effect.provide(fakeLayer({ conditional: true, onDecode })))
  })

  it.effect("shows images of any shape", () =>
    Effect.gen(function* () {
      const { figures } = yield* ConditionalGrid().run
      yield* compiles(figures[0]!)
    }).pipe(Effect.provide(fakeLayer({ conditional: true, classes: 1, shape: { height: 5, width: 9, channels: 3 } })))
  )
})
