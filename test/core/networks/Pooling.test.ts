import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Result } from "effect"
import { NetworkError, type Module } from "../../../src/core/Network.ts"
import { averagePooling } from "../../../src/core/networks/AveragePooling.ts"
import { maxPooling } from "../../../src/core/networks/MaxPooling.ts"
import { upsampling } from "../../../src/core/networks/Upsampling.ts"
import { float32, type HostTensor } from "../../../src/core/Tensors.ts"
import { assertGradients, gradients, normalValues, read, toTensor } from "../../../src/testing/TensorProbe.ts"

const build = (part: Module, x: HostTensor) => Result.getOrThrow(part.build(x.shape.slice(1)))

const apply = (part: Module, x: HostTensor) => {
  const network = build(part, x)
  const { y } = read(() => ({ y: network.apply({}, toTensor(x)) }))
  assert.deepStrictEqual(y.shape, [x.shape[0]!, ...network.output])
  assert.deepStrictEqual([network.parameters, network.noise], [{}, {}])
  return [...y.values]
}

const square = float32([1, 3, 3, 1], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9))

describe("maxPooling", () => {
  it("is the maximum of each window", () => {
    assert.deepStrictEqual(apply(maxPooling(), square), [5])
    assert.deepStrictEqual(apply(maxPooling({ padding: "same" }), square), [5, 6, 8, 9])
    assert.deepStrictEqual(apply(maxPooling({ stride: 1 }), square), [5, 6, 8, 9])
    assert.deepStrictEqual(apply(maxPooling({ size: [3, 1] }), square), [7, 8, 9])
    const channels = float32([1, 2, 2, 2], Float32Array.of(1, -1, 2, -2, 3, -3, 4, -4))
    assert.deepStrictEqual(apply(maxPooling(), channels), [4, -1])
  })

  it("passes the gradient to the first of equal elements", () => {
    const network = build(maxPooling(), float32([1, 2, 2, 1], new Float32Array(4)))
    const { x } = gradients(({ x }) => network.apply({}, x), {
      x: float32([1, 2, 2, 1], Float32Array.of(0, 1, 1, 1))
    })
    assert.deepStrictEqual([...x.values], [0, 1, 0, 0])
  })

  it("reports incompatible inputs", () => {
    assertFailure(
      maxPooling({ size: 4 }).build([3, 3, 1]),
      new NetworkError({ module: "", reason: "a window of 4 x 4 does not fit into an image of 3 x 3" })
    )
    assertFailure(
      maxPooling({ size: -1 }).build([3, 3, 1]),
      new NetworkError({ module: "", reason: "size is -1; it must be a positive integer" })
    )
  })
})

describe("averagePooling", () => {
  it("is the mean of each window", () => {
    assert.deepStrictEqual(apply(averagePooling(), square), [3])
    assert.deepStrictEqual(apply(averagePooling({ padding: "same" }), square), [3, 4.5, 7.5, 9])
  })

  it("has gradients that agree with finite differences, padding included", () => {
    const x = normalValues(1, "x", [2, 5, 3, 2])
    const network = build(averagePooling({ padding: "same" }), x)
    const weights = normalValues(1, "weights", [2, ...network.output])
    assertGradients(({ x }) => network.apply({}, x).mul(toTensor(weights)), { x })
  })
})

describe("upsampling", () => {
  it("repeats each element along height and width", () => {
    const x = float32([1, 1, 2, 2], Float32Array.of(1, 2, 3, 4))
    assert.deepStrictEqual(apply(upsampling([2, 1]), x), [1, 2, 3, 4, 1, 2, 3, 4])
    assert.deepStrictEqual(apply(upsampling([1, 2]), x), [1, 2, 1, 2, 3, 4, 3, 4])
    assert.deepStrictEqual(apply(upsampling(), x), [1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4])
  })

  it("has gradients that agree with finite differences", () => {
    const x = normalValues(1, "x", [2, 2, 3, 2])
    const network = build(upsampling(3), x)
    const weights = normalValues(1, "weights", [2, ...network.output])
    assertGradients(({ x }) => network.apply({}, x).mul(toTensor(weights)), { x })
  })

  it("reports incompatible inputs", () => {
    assertFailure(
      upsampling(1.5).build([3, 3, 1]),
      new NetworkError({ module: "", reason: "factor is 1.5; it must be a positive integer" })
    )
  })
})
