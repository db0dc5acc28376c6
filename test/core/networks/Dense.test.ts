import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Result } from "effect"
import { NetworkError } from "../../../src/core/Network.ts"
import { dense, type DenseInitializer } from "../../../src/core/networks/Dense.ts"
import { uniform } from "../../../src/core/Random.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { assertGradients, normalValues, read, toTensor, toTensors } from "../../../src/testing/TensorProbe.ts"

const at = {
  x: float32([2, 3], Float32Array.of(1, 2, 3, -1, 0, 1)),
  kernel: float32([3, 2], Float32Array.of(1, 0, 0, 1, 1, 1)),
  bias: float32([2], Float32Array.of(0.5, -0.5))
}
const network = Result.getOrThrow(dense(2).build([3]))

describe("dense", () => {
  it("is `x kernel + bias`", () => {
    const { y } = read(() => ({ y: network.apply(toTensors(at), toTensor(at.x)) }))
    assert.deepStrictEqual(y.shape, [2, 2])
    assert.deepStrictEqual([...y.values], [4.5, 4.5, 0.5, 0.5])
  })

  it("has gradients that agree with finite differences", () => {
    const weights = normalValues(1, "weights", [2, 2])
    assertGradients(({ x, ...parameters }) => network.apply(parameters, x).mul(toTensor(weights)), at)
  })

  it.each<[DenseInitializer, number, number]>([
    ["glorot-uniform", Math.sqrt(6 / 150), 0],
    ["torch-linear", 0.1, 0.1]
  ])("initialises by %s", (initializer, kernelLimit, biasLimit) => {
    const { parameters } = Result.getOrThrow(dense(50, { initializer }).build([100]))
    for (const [name, limit] of [
      ["kernel", kernelLimit],
      ["bias", biasLimit]
    ] as const) {
      const { shape, initializer } = parameters[name]!
      const largest = Math.max(
        ...initializer.draw(shape, (count) => uniform({ seed: 1, stream: name, step: 0 }, count)).map(Math.abs)
      )
      assert.isAtMost(largest, limit)
      assert.isAtLeast(largest, 0.9 * limit)
    }
  })

  it.each([0, -1, 1.5, Number.NaN])("refuses %d units", (units) => {
    assertFailure(
      dense(units).build([3]),
      new NetworkError({ module: "", reason: `units is ${units}; it must be a positive integer` })
    )
  })
})
