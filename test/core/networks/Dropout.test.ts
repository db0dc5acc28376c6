import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Result } from "effect"
import { NetworkError } from "../../../src/core/Network.ts"
import { dropout } from "../../../src/core/networks/Dropout.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import {
  constantValues,
  gradients,
  read,
  toTensor,
  toTensors,
  uniformValues
} from "../../../src/testing/TensorProbe.ts"

describe("dropout", () => {
  it("keeps elements according to the noise, divided by the probability, and is the identity without noise", () => {
    const network = Result.getOrThrow(dropout(0.5).build([4]))
    assert.deepStrictEqual(network.noise, { mask: { distribution: "uniform", shape: [4] } })
    const x = float32([1, 4], Float32Array.of(1, 2, 3, 4))
    const noise = { mask: float32([1, 4], Float32Array.of(0, 0.49, 0.5, 0.99)) }
    const { evaluated, trained } = read(() => ({
      evaluated: network.apply({}, toTensor(x)),
      trained: network.apply({}, toTensor(x), toTensors(noise))
    }))
    assert.deepStrictEqual([...evaluated.values], [1, 2, 3, 4])
    assert.deepStrictEqual([...trained.values], [2, 4, 0, 0])
    const gradient = gradients(({ x }) => network.apply({}, x, toTensors(noise)), { x })
    assert.deepStrictEqual([...gradient.x.values], [2, 2, 0, 0])
  })

  it("preserves the mean, and is the identity at keep = 1", () => {
    const shape = [100, 30, 10]
    for (const keep of [0.1, 0.9, 1]) {
      const network = Result.getOrThrow(dropout(keep).build(shape.slice(1)))
      const { y } = read(() => ({
        y: network.apply({}, toTensor(constantValues(shape, 1)), toTensors({ mask: uniformValues(1, "mask", shape) }))
      }))
      const mean = y.values.reduce((sum, value) => sum + value, 0) / y.values.length
      // Three deviations of a mean of 30,000.
      assert.closeTo(mean, 1, 3 * Math.sqrt((1 - keep) / keep / 30_000))
    }
  })

  it("refuses invalid probabilities", () => {
    for (const keep of [0, -0.1, 1.1, Number.NaN]) {
      const reason = `keep is ${keep}; it must be above 0 and at most 1`
      assertFailure(dropout(keep).build([4]), new NetworkError({ module: "", reason }))
    }
  })
})
