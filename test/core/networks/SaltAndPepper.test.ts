import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { NetworkError } from "../../../src/core/Network.ts"
import { corrupt, saltAndPepper } from "../../../src/core/networks/SaltAndPepper.ts"
import { draw } from "../../../src/core/Random.ts"
import { assertGradients, normalValues, read, toTensor, uniformValues } from "../../../src/testing/TensorProbe.ts"

const shape = [20, 10, 1]
const network = (probability: number) => Result.getOrThrow(saltAndPepper({ probability }).build(shape))
const images = uniformValues(1, "images", [4, ...shape])
const noiseOf = (probability: number) => {
  const { noise } = network(probability)
  return draw(noise["values"]!, { seed: 2, stream: "noise", step: 0 }, 4)
}
const corrupted = (probability: number): Float32Array =>
  read(() => ({
    x: network(probability).apply({}, toTensor(images), { values: toTensor(noiseOf(probability)) })
  })).x.values

describe("saltAndPepper", () => {
  it("is the identity in evaluation, and at probability 0", () => {
    assert.deepStrictEqual(read(() => ({ x: network(0.3).apply({}, toTensor(images)) })).x.values, images.values)
    assert.deepStrictEqual(corrupted(0), images.values)
  })

  it("replaces its fraction of the values, half by 0 and half by 1", () => {
    for (const probability of [0.1, 0.3, 1]) {
      const values = corrupted(probability)
      const share = (value: number) => values.filter((found) => found === value).length / values.length
      // Within four standard deviations of 800 draws.
      const deviation = Math.sqrt(((probability / 2) * (1 - probability / 2)) / 800)
      assert.closeTo(share(0), probability / 2, 4 * deviation)
      assert.closeTo(share(1), probability / 2, 4 * deviation)
      const kept = values.filter((value, index) => value === images.values[index]).length
      assert.strictEqual(kept, Math.round(800 * (1 - share(0) - share(1))))
    }
  })

  it("is elementwise the corruption of arrays", () => {
    const noise = noiseOf(0.4).values
    assert.deepStrictEqual(
      corrupted(0.4),
      Float32Array.from(images.values, (value, index) => corrupt(value, noise[index]!, 0.4))
    )
    assert.deepStrictEqual(
      [0, 0.199, 0.2, 0.799, 0.8].map((noise) => corrupt(0.5, noise, 0.4)),
      [0, 0, 0.5, 0.5, 1]
    )
  })

  it("has gradient 1 for the values that it keeps and 0 for the others", () => {
    const [x, noise] = [normalValues(3, "x", [1, 2, 3]), uniformValues(4, "noise", [1, 2, 3])]
    const part = Result.getOrThrow(saltAndPepper({ probability: 0.6 }).build([2, 3]))
    assertGradients(({ x }) => part.apply({}, x, { values: toTensor<tf.Tensor>(noise) }), { x })
  })

  it("describes itself and refuses a probability outside [0, 1]", () => {
    assert.deepStrictEqual(saltAndPepper({ probability: 0.2 }).spec, { _tag: "SaltAndPepper", probability: 0.2 })
    for (const probability of [-0.1, 1.5, Number.NaN]) {
      assertFailure(
        saltAndPepper({ probability }).build([2]),
        new NetworkError({ module: "", reason: `probability is ${probability}; it must be from 0 to 1` })
      )
    }
  })
})
