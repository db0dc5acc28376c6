import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { centralQuantiles, Manifold, meshCodes } from "../../../src/core/evaluations/Manifold.ts"
import { PlanarLatent } from "../../../src/core/Model.ts"
import { PriorQuantiles } from "../../../src/core/Prior.ts"
import { StandardNormal } from "../../../src/core/priors/StandardNormal.ts"
import { cumulative } from "../../../src/core/NormalDistribution.ts"
import { textOf } from "../figures/compiles.ts"
import { fakeLayer, kinds } from "./FakeTrainedModel.ts"

describe("Manifold", () => {
  it("divides the prior's mass into equal parts", () => {
    const quantiles = centralQuantiles(StandardNormal().quantiles, 20)
    quantiles.forEach((z, index) => assert.approximately(cumulative(z), (index + 0.5) / 20, 1e-12))
    assert.deepStrictEqual(centralQuantiles(StandardNormal().quantiles, 1), [0])
  })

  it("has z1 to the right and z2 upwards", () => {
    const codes = meshCodes(3, [-1, 1])
    const code = (row: number, column: number) => [
      ...codes.subarray(2 * (3 * row + column), 2 * (3 * row + column) + 2)
    ]
    const low = -1
    assert.strictEqual(codes.length, 18)
    assert.deepStrictEqual(code(0, 0), [low, -low])
    assert.deepStrictEqual(code(0, 2), [-low, -low])
    assert.deepStrictEqual(code(2, 0), [low, low])
    assert.deepStrictEqual(code(1, 1), [0, 0])
  })

  it("requires a planar latent space, and without a range a prior with quantiles", () => {
    assert.deepStrictEqual(Manifold().needs, [PlanarLatent, PriorQuantiles])
    assert.deepStrictEqual(Manifold({ range: [-1, 1] }).needs, [PlanarLatent])
  })

  it.effect.each(kinds)("makes a figure with both axes: $name", (kind) =>
    Effect.gen(function* () {
      const { figures } = yield* Manifold().run
      const text = yield* textOf(figures[0]!)
      for (const tick of ["−2", "−1", "−0.5", "0", "0.5", "1", "2"]) {
        assert.strictEqual(text.filter((piece) => piece === tick).length, 2, tick)
      }
      assert.strictEqual(text.filter((piece) => /^z[12] /.test(piece)).length, 2)
      assert.include(figures[0]!.caption, "20 by 20 codes: quantiles of N(0, 1) from −1.96 to 1.96")
    }).pipe(Effect.provide(fakeLayer(kind)))
  )

  it("a mesh has equal steps from end to end", () => {
    const codes = meshCodes(5, [-4, 4])
    assert.deepStrictEqual([...codes.subarray(0, 10)], [-4, 4, -2, 4, 0, 4, 2, 4, 4, 4])
    assert.deepStrictEqual([...codes.subarray(-2)], [4, -4])
    assert.deepStrictEqual([...meshCodes(1, [-4, 4])], [0, 0])
  })

  it.effect("makes a mesh figure with its own name, and the range on both axes", () =>
    Effect.gen(function* () {
      const { figures } = yield* Manifold({ columns: 10, range: [-4, 4] }).run
      assert.strictEqual(figures[0]!.name, "manifold-mesh")
      const text = yield* textOf(figures[0]!)
      for (const tick of ["−4", "−1", "0", "3", "4"]) {
        assert.strictEqual(text.filter((piece) => piece === tick).length, 2, tick)
      }
      assert.include(figures[0]!.caption, "10 by 10 codes: in equal steps from −4 to 4 in each dimension.")
      yield* textOf((yield* Manifold({ columns: 1, range: [-8, 8] }).run).figures[0]!)
    }).pipe(Effect.provide(fakeLayer()))
  )
})
