import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Result } from "effect"
import { NetworkError } from "../../../src/core/Network.ts"
import { flatten, reshape } from "../../../src/core/networks/Reshape.ts"
import { normalValues, read, toTensor } from "../../../src/testing/TensorProbe.ts"

describe("reshape", () => {
  const images = normalValues(1, "images", [3, 2, 4, 1])

  it("keeps the values in row-major order, example by example", () => {
    const flat = Result.getOrThrow(flatten().build([2, 4, 1]))
    const back = Result.getOrThrow(reshape([2, 4, 1]).build(flat.output))
    const { vectors, restored } = read(() => {
      const vectors = flat.apply({}, toTensor(images))
      return { vectors, restored: back.apply({}, vectors) }
    })
    assert.deepStrictEqual(flat.output, [8])
    assert.deepStrictEqual(vectors.shape, [3, 8])
    assert.deepStrictEqual(vectors.values, images.values)
    assert.deepStrictEqual(restored, { shape: images.shape, values: images.values as Float32Array })
  })

  it("refuses a shape of another size", () => {
    assertFailure(
      reshape([3, 3]).build([2, 4, 1]),
      new NetworkError({ module: "", reason: "cannot reshape [2, 4, 1] to [3, 3]: 8 values, not 9" })
    )
  })
})
