import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mostSubmitted } from "../../../src/core/Engine.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { inChunks, rows } from "../../../src/pipelines/training/Chunks.ts"

/** Rows `[index, 10 index]` of a chunk, for `size` indices from `start`. */
const pairs = (start: number, size: number) => ({
  pairs: float32(
    [size, 2],
    Float32Array.from({ length: 2 * size }, (_, place) => (start + (place >> 1)) * (place % 2 === 0 ? 1 : 10))
  )
})

describe("Chunks", () => {
  it("pads rows beyond the end with zeros", () => {
    const values = Int32Array.of(1, 2, 3, 4, 5, 6)
    assert.deepStrictEqual(rows(values, 2, 1, 2), Int32Array.of(3, 4, 5, 6))
    assert.deepStrictEqual(rows(values, 2, 2, 3), Int32Array.of(5, 6, 0, 0, 0, 0))
  })

  it.effect.each([0, 1, 4, 5, 4 * mostSubmitted, 4 * mostSubmitted + 3])("concatenates the rows of %i", (count) =>
    Effect.gen(function* () {
      const found = yield* inChunks(count, 4, (start) => Effect.succeed(Effect.succeed(pairs(start, 4))))
      if (count === 0) return assert.deepStrictEqual(found, {})
      assert.deepStrictEqual(found["pairs"], pairs(0, count).pairs.values)
    })
  )

  it.effect("has at most as many chunks unread as an engine allows", () =>
    Effect.gen(function* () {
      let [unread, most] = [0, 0]
      yield* inChunks(3 * mostSubmitted + 1, 1, (start) =>
        Effect.sync(() => {
          most = Math.max(most, (unread += 1))
          return Effect.sync(() => {
            unread -= 1
            return pairs(start, 1)
          })
        })
      )
      assert.deepStrictEqual([unread, most], [0, mostSubmitted])
    })
  )
})
