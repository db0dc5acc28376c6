import { assert, describe, it } from "@effect/vitest"
import { bitsPerDimension } from "../../../src/core/evaluations/BitsPerDimension.ts"

describe("bitsPerDimension", () => {
  it("is 8 for uniform bytes, in any shape", () => {
    for (const shape of [
      { height: 1, width: 1, channels: 1 },
      { height: 4, width: 5, channels: 3 }
    ]) {
      const values = shape.height * shape.width * shape.channels
      assert.approximately(bitsPerDimension(values * Math.log(256), shape), 8, 1e-12)
    }
  })

  it("is the entropy per pixel for binary pixels", () => {
    assert.approximately(bitsPerDimension(784 * Math.LN2, { height: 28, width: 28, channels: 1 }), 1, 1e-12)
  })
})
