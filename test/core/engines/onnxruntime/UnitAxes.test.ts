import { assert, describe, it } from "@effect/vitest"
import { inOrder, type Value } from "../../../../src/core/engines/graph/Graph.ts"
import { mergeUnitAxes } from "../../../../src/core/engines/onnxruntime/UnitAxes.ts"
import * as Op from "../../../../src/core/engines/graph/Operators.ts"

const shapes = (y: Value) =>
  inOrder(Object.values(mergeUnitAxes({ outputs: { y } }).outputs)).flatMap((value) =>
    value.kind === "operation" ? [[value.operator, ...value.shape]] : []
  )

const x = Op.input("x", "float32", [2, 3, 1])

describe("UnitAxes", () => {
  it("computes with a scalar along one axis, with one reshape per chain", () => {
    assert.deepStrictEqual(shapes(Op.add(Op.mul(x, Op.scalar(2)), Op.input("b", "float32", [1]))), [
      ["Reshape", 6],
      ["Mul", 6],
      ["Reshape"],
      ["Add", 6],
      ["Reshape", 2, 3, 1]
    ])
  })

  it("keeps fast operations and broadcasts", () => {
    const wide = Op.input("wide", "float32", [1, 3])
    assert.deepStrictEqual(shapes(Op.mul(wide, Op.scalar(2))), [["Mul", 1, 3]])
    assert.deepStrictEqual(shapes(Op.mul(x, x)), [["Mul", 2, 3, 1]])
    assert.deepStrictEqual(shapes(Op.mul(x, Op.input("each", "float32", [3, 1]))), [["Mul", 2, 3, 1]])
    assert.deepStrictEqual(shapes(Op.mul(Op.input("one", "float32", [1, 1]), Op.scalar(2))), [["Mul", 1, 1]])
  })
})
