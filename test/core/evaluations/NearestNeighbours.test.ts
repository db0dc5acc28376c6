import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as OnnxRuntime from "../../../src/core/engines/OnnxRuntime.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import * as NearestNeighbours from "../../../src/core/evaluations/NearestNeighbours.ts"
import { normal } from "../../../src/core/Random.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"

const values = (stream: string, count: number) => normal({ seed: 1, stream, step: 0 }, count)

describe("NearestNeighbours", () => {
  it.effect.each([
    ["reference", Reference.layer],
    ["onnxruntime", OnnxRuntime.layer({ threads: 1 })]
  ] as const)("measures Euclidean distances on the engine: %s", ([, engine]) =>
    Effect.gen(function* () {
      const [a, b] = [values("a", 5 * 7), values("b", 4 * 7)]
      const found = yield* NearestNeighbours.distances(a, b, 7)
      assert.deepStrictEqual([found.rows, found.columns], [5, 4])
      const expected = Array.from({ length: 20 }, (_, place) => {
        const [row, column] = [Math.floor(place / 4), place % 4]
        return Math.hypot(...Array.from({ length: 7 }, (_, at) => a[row * 7 + at]! - b[column * 7 + at]!))
      })
      assertClose(found.values, expected, 1e-5)
      const same = yield* NearestNeighbours.distances(a, a, 7)
      for (let row = 0; row < 5; row++) assert.isBelow(same.values[row * 5 + row]!, 2e-3)
    }).pipe(Effect.provide(engine))
  )

  it("finds the nearest of each row, nearest first", () => {
    const distances = { rows: 2, columns: 4, values: Float32Array.of(3, 1, 2, 0, 5, 5, 4, 9) }
    assert.deepStrictEqual(NearestNeighbours.nearest(distances, 2), [
      [3, 1],
      [2, 0]
    ])
    assert.deepStrictEqual(NearestNeighbours.nearest(distances, 9), [
      [3, 1, 2, 0],
      [2, 0, 1, 3]
    ])
    assert.deepStrictEqual(NearestNeighbours.minimum(distances), Float32Array.of(0, 4))
  })

  it("votes by majority; ties go to the nearest", () => {
    assert.deepStrictEqual(
      NearestNeighbours.votes(
        [
          [0, 1, 2, 3],
          [4, 0]
        ],
        [7, 5, 5, 5, 9]
      ),
      [
        { label: 5, agreement: 0.75 },
        { label: 9, agreement: 0.5 }
      ]
    )
  })
})
