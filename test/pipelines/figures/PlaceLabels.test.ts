import { assert, describe, it } from "@effect/vitest"
import { placeLabels } from "../../../src/pipelines/figures/PlaceLabels.ts"

describe("PlaceLabels", () => {
  it("separates labels of close points, inside the picture", () => {
    const points = [
      { x: 100, y: 100, label: "left" },
      { x: 112, y: 100, label: "right" },
      { x: 555, y: 100, label: "at the edge" }
    ]
    const [left, right, edge] = placeLabels(points, { width: 560, height: 420 })
    assert.notStrictEqual(left!.align, "left")
    assert.strictEqual(right!.align, "left")
    assert.strictEqual(edge!.align, "right")
  })

  it("places no label if no position is free", () => {
    const points = Array.from({ length: 30 }, () => ({ x: 50, y: 50, label: "the same" }))
    assert.isUndefined(placeLabels(points, { width: 100, height: 100 }).at(-1))
  })
})
