import { assert, describe, it } from "@effect/vitest"
import { boundsOf, checkBounds } from "../../../../src/core/engines/graph/Bounds.ts"
import { indexing } from "../../../../src/core/engines/graph/kernels/Indexing.ts"
import * as Op from "../../../../src/core/engines/graph/Operators.ts"
import { int32 } from "../../../../src/core/Tensors.ts"

const rows = Op.input("data/rows", "uint8", [5, 3])

const gather = (x: typeof rows, indices: ReturnType<typeof Op.reshape>, axis: number) =>
  [indexing["GatherV2"]!({ x, indices }, { axis, batchDims: 0 })].flat()[0]!

describe("bounds of indices", () => {
  it("are those of the axis that an input's numbers are indices of, whatever their form", () => {
    const at = Op.input("inputs/at", "int32", [4])
    const graph = { outputs: { a: gather(rows, at, 0), b: gather(rows, Op.reshape(at, [2, 2]), 1) } }
    assert.deepStrictEqual(boundsOf(graph), [
      { name: "at", length: 5 },
      { name: "at", length: 3 }
    ])
  })

  it("are none of what is computed, or is no input", () => {
    const at = Op.input("inputs/at", "int32", [4])
    const state = Op.input("state/at", "int32", [4])
    const graph = { outputs: { a: gather(rows, Op.add(at, at), 0), b: gather(rows, state, 0) } }
    assert.deepStrictEqual(boundsOf(graph), [])
  })

  it("say which number is outside of them", () => {
    const bounds = [{ name: "at", length: 5 }]
    const check = (...values: ReadonlyArray<number>) =>
      checkBounds(bounds, { at: int32([values.length], Int32Array.from(values)) })
    assert.isUndefined(check(0, 4, 2))
    assert.strictEqual(check(0, 5), `input "at" has the index 5, of an axis of length 5`)
    assert.include(check(-1), "the index -1")
    assert.isUndefined(checkBounds(bounds, {}))
  })
})
