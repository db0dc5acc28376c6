import { assert, describe, it } from "@effect/vitest"
import { float32, int32, uint8 } from "../../../src/core/Tensors.ts"
import { compareTensors, identical, format } from "../../../src/pipelines/verification/CompareTensors.ts"

const floats = (...values: ReadonlyArray<number>) => float32([values.length], Float32Array.from(values))

describe("CompareTensors", () => {
  it("treats equal bits as equal, NaN and negative zero included, at any alignment", () => {
    const shifted = new Float32Array(Float32Array.of(9, 1, Number.NaN, -0).buffer, 4, 3)
    const left = { a: floats(1, Number.NaN, -0), b: uint8([2], Uint8Array.of(1, 2)), c: int32([1], Int32Array.of(-1)) }
    const right = { ...left, a: float32([3], shifted) }
    const comparison = compareTensors(left, right)
    assert.isTrue(identical(comparison))
    assert.strictEqual(format(comparison), "identical bits (6 values)")
  })

  it("counts what differs, the largest difference first", () => {
    const left = { near: floats(1, 2, 3), far: floats(0, 0), same: floats(5) }
    const right = { near: floats(1, 2.5, 2), far: floats(0, 8), same: floats(5) }
    const { deviations, incomparable } = compareTensors(left, right)
    assert.deepStrictEqual(incomparable, [])
    assert.deepStrictEqual(deviations, [
      { tensor: "far", elements: 1, largest: 8 },
      { tensor: "near", elements: 2, largest: 1 }
    ])
  })

  it("compares bits: negative zero is not zero, and NaN is farther than any number", () => {
    const { deviations } = compareTensors(
      { zero: floats(0), one: floats(1, 1) },
      { zero: floats(-0), one: floats(1e30, Number.NaN) }
    )
    assert.deepStrictEqual(
      deviations.map(({ elements, tensor }) => [tensor, elements]),
      [
        ["one", 2],
        ["zero", 1]
      ]
    )
    assert.isNaN(deviations[0]!.largest)
    assert.strictEqual(deviations[1]!.largest, 0)
  })

  it("names tensors that are missing on one side, or have another shape or type", () => {
    const left = { a: floats(1), b: floats(1, 2), c: floats(1), same: floats(1) }
    const right = {
      b: float32([2, 1], Float32Array.of(1, 2)),
      c: int32([1], Int32Array.of(1)),
      d: floats(1),
      same: floats(1)
    }
    const comparison = compareTensors(left, right)
    assert.deepStrictEqual(comparison.incomparable, ["a", "b", "c", "d"])
    assert.isFalse(identical(comparison))
    assert.match(format(comparison), /missing on one side, or with different shapes: a, b, c, d/)
  })
})
