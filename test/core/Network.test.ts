import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { NetworkError, type Module, sequence } from "../../src/core/Network.ts"
import { activation } from "../../src/core/networks/Activation.ts"
import { dense } from "../../src/core/networks/Dense.ts"
import { flatten } from "../../src/core/networks/Reshape.ts"
import { float32 } from "../../src/core/Tensors.ts"
import { read, toTensor, toTensors } from "../../src/testing/TensorProbe.ts"

/** Multiplies by noise in training, as dropout does. */
const masked: Module = {
  name: "masked",
  spec: { _tag: "Masked" },
  build: (input) =>
    Result.succeed({
      output: input,
      parameters: {},
      noise: { mask: { distribution: "uniform", shape: input } },
      apply: (_, x, noise) => (noise === undefined ? x : tf.mul(x, noise["mask"]!))
    })
}

const network = Result.getOrThrow(
  sequence(flatten(), dense(3), masked, activation("relu"), sequence(dense(2), masked)).build([2, 2, 1])
)

const parameters = {
  "dense1/kernel": float32([4, 3], Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)),
  "dense1/bias": float32([3], Float32Array.of(0, 0, -10)),
  "sequence1/dense1/kernel": float32([3, 2], Float32Array.of(1, 0, 0, 1, 1, 1)),
  "sequence1/dense1/bias": float32([2], Float32Array.of(0.5, 0))
}
const images = float32([2, 2, 2, 1], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8))

describe("sequence", () => {
  it("names parameters and noise by kind, number and nesting", () => {
    assert.deepStrictEqual(
      Object.fromEntries(Object.entries(network.parameters).map(([name, { shape }]) => [name, shape])),
      {
        "dense1/kernel": [4, 3],
        "dense1/bias": [3],
        "sequence1/dense1/kernel": [3, 2],
        "sequence1/dense1/bias": [2]
      }
    )
    assert.deepStrictEqual(network.noise, {
      "masked1/mask": { distribution: "uniform", shape: [3] },
      "sequence1/masked1/mask": { distribution: "uniform", shape: [2] }
    })
    assert.deepStrictEqual(network.output, [2])
  })

  it("describes its modules completely, in order", () => {
    assert.deepStrictEqual(sequence(flatten(), dense(3), sequence(activation("tanh"))).spec, {
      _tag: "Sequence",
      parts: [
        { _tag: "Flatten" },
        { _tag: "Dense", units: 3, initializer: "glorot-uniform" },
        { _tag: "Sequence", parts: [{ _tag: "Activation", function: "tanh" }] }
      ]
    })
  })

  it("numbers modules per kind, so that an activation does not rename the layers", () => {
    const names = (part: Module): ReadonlyArray<string> => Object.keys(Result.getOrThrow(part.build([4])).parameters)
    const plain = sequence(dense(3), dense(2))
    assert.deepStrictEqual(names(plain), ["dense1/kernel", "dense1/bias", "dense2/kernel", "dense2/bias"])
    assert.deepStrictEqual(names(sequence(dense(3), activation("tanh"), dense(2))), names(plain))
  })

  it("applies its modules in order, with optional noise", () => {
    const noise = {
      "masked1/mask": float32([2, 3], Float32Array.of(1, 0, 1, 0, 1, 1)),
      "sequence1/masked1/mask": float32([2, 2], Float32Array.of(1, 1, 1, 0.5))
    }
    const { evaluated, trained } = read(() => ({
      evaluated: network.apply(toTensors(parameters), toTensor(images)),
      trained: network.apply(toTensors(parameters), toTensor(images), toTensors(noise))
    }))
    // relu(1, 2, 3 - 10) = (1, 2, 0) and relu(5, 6, 7 - 10) = (5, 6, 0)
    assert.deepStrictEqual([...evaluated.values], [1.5, 2, 5.5, 6])
    assert.deepStrictEqual([...trained.values], [1.5, 0, 0.5, 3])
  })

  it("reports which module does not accept its input", () => {
    assertFailure(
      sequence(dense(3)).build([28, 28, 1]),
      new NetworkError({
        module: "dense1",
        reason: "takes vectors, but got examples of shape [28, 28, 1]; put flatten() before it"
      })
    )
    assertFailure(
      sequence(flatten(), dense(4), sequence(activation("relu"), dense(0))).build([2, 2, 1]),
      new NetworkError({ module: "sequence1/dense1", reason: "units is 0; it must be a positive integer" })
    )
  })

  it("is the identity without modules", () => {
    const empty = Result.getOrThrow(sequence().build([2, 2, 1]))
    assert.deepStrictEqual(empty.output, [2, 2, 1])
    assert.deepStrictEqual(read(() => ({ x: empty.apply({}, toTensor(images)) })).x.values, images.values)
  })
})
