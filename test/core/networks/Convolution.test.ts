import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Result } from "effect"
import { NetworkError, type Module } from "../../../src/core/Network.ts"
import { convolution, type ConvolutionOptions } from "../../../src/core/networks/Convolution.ts"
import { transposedConvolution } from "../../../src/core/networks/TransposedConvolution.ts"
import { uniform } from "../../../src/core/Random.ts"
import { float32, type Shape, sizeOf } from "../../../src/core/Tensors.ts"
import {
  assertClose,
  assertGradients,
  normalValues,
  read,
  toTensor,
  toTensors
} from "../../../src/testing/TensorProbe.ts"

const build = (part: Module, input: Shape) => Result.getOrThrow(part.build(input))
const numbers = (shape: Shape) =>
  float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, index) => index + 1)
  )

const apply = (part: Module, input: Shape, kernel: Float32Array, bias: ReadonlyArray<number>) => {
  const network = build(part, input)
  const parameters = {
    kernel: float32(network.parameters["kernel"]!.shape, kernel),
    bias: float32([bias.length], Float32Array.from(bias))
  }
  const { y } = read(() => ({ y: network.apply(toTensors(parameters), toTensor(numbers([1, ...input]))) }))
  assert.deepStrictEqual(y.shape.slice(1), [...network.output])
  return [...y.values]
}

describe("convolution", () => {
  it("is the sum of products of filter and window, plus a bias", () => {
    // 1 2 3 / 4 5 6 / 7 8 9 seen by 1 0 / 0 -1: each element less the one after it on the diagonal.
    const filter = Float32Array.of(1, 0, 0, -1)
    assert.deepStrictEqual(
      apply(convolution(1, { kernel: 2, padding: "valid" }), [3, 3, 1], filter, [10]),
      [6, 6, 6, 6]
    )
    // Padding of `same` is at the end where it is odd.
    assert.deepStrictEqual(
      apply(convolution(1, { kernel: 2 }), [3, 3, 1], filter, [0]),
      [-4, -4, 3, -4, -4, 6, 7, 8, 9]
    )
    assert.deepStrictEqual(apply(convolution(1, { kernel: 2, stride: 2 }), [3, 3, 1], filter, [0]), [-4, 3, 7, 9])
    // A filter of one element mixes channels.
    assert.deepStrictEqual(
      apply(convolution(2, { kernel: 1 }), [1, 2, 2], Float32Array.of(1, 10, 1, 100), [0, 0.5]),
      [3, 210.5, 7, 430.5]
    )
  })

  it.each<[ConvolutionOptions, Shape, Shape]>([
    [{}, [28, 28, 1], [28, 28, 5]],
    [{ stride: 2 }, [28, 27, 1], [14, 14, 5]],
    [{ kernel: [3, 5], padding: "valid" }, [28, 28, 2], [26, 24, 5]],
    [{ kernel: 3, stride: [2, 3], padding: "valid" }, [8, 9, 2], [3, 3, 5]]
  ])("has the declared shape with %j", (options, input, output) => {
    const network = build(convolution(5, options), input)
    const parameters = Object.fromEntries(
      Object.entries(network.parameters).map(([name, { shape }]) => [name, normalValues(1, name, shape)])
    )
    const { y } = read(() => ({ y: network.apply(toTensors(parameters), toTensor(numbers([2, ...input]))) }))
    assert.deepStrictEqual([network.output, y.shape], [output, [2, ...output]])
  })

  it("has gradients that agree with finite differences", () => {
    const network = build(convolution(2, { stride: 2 }), [5, 4, 3])
    const weights = normalValues(1, "weights", [2, ...network.output])
    assertGradients(({ x, ...parameters }) => network.apply(parameters, x).mul(toTensor(weights)), {
      x: normalValues(1, "x", [2, 5, 4, 3]),
      kernel: normalValues(1, "kernel", [3, 3, 3, 2]),
      bias: normalValues(1, "bias", [2])
    })
  })

  it.each([
    ["glorot-uniform", Math.sqrt(6 / (9 * (8 + 24))), 0],
    ["torch-linear", 1 / Math.sqrt(9 * 8), 1 / Math.sqrt(9 * 8)]
  ] as const)("initialises by %s", (initializer, kernelLimit, biasLimit) => {
    const { parameters } = build(convolution(24, { initializer }), [4, 4, 8])
    const largest = (name: string): number => {
      const { initializer, shape } = parameters[name]!
      const drawn = initializer.draw(shape, (count) => uniform({ seed: 1, stream: name, step: 0 }, count))
      return Math.max(...drawn.map(Math.abs))
    }
    assertClose([largest("kernel")], [kernelLimit], 0.01 * kernelLimit)
    assert.isAtMost(largest("bias"), biasLimit)
    assert.isAtLeast(largest("bias"), 0.8 * biasLimit)
  })

  it("reports incompatible inputs", () => {
    const refused = (part: Module, input: Shape, reason: string) =>
      assertFailure(part.build(input), new NetworkError({ module: "", reason }))
    refused(
      convolution(2),
      [4],
      "takes images [height, width, channels], but got examples of shape [4]; put reshape() before it"
    )
    refused(convolution(0), [4, 4, 1], "filters is 0; it must be a positive integer")
    refused(convolution(1, { kernel: [3, 0.5] }), [4, 4, 1], "kernel is [3, 0.5]; it must be positive integers")
    refused(
      convolution(1, { kernel: 5, padding: "valid" }),
      [4, 6, 1],
      "a window of 5 x 5 does not fit into an image of 4 x 6"
    )
    refused(transposedConvolution(1, { stride: 0 }), [4, 4, 1], "stride is 0; it must be a positive integer")
  })
})

describe("transposedConvolution", () => {
  it("sums the filter, times each element, at overlapping positions", () => {
    const part = transposedConvolution(1, { kernel: 2, stride: 1, padding: "valid" })
    // 1 2 each times 1 10 / 100 1000, one column apart.
    assert.deepStrictEqual(apply(part, [1, 2, 1], Float32Array.of(1, 10, 100, 1000), [0]), [1, 12, 20, 100, 1200, 2000])
    const apart = transposedConvolution(1, { kernel: 2, stride: 2 })
    assert.deepStrictEqual(
      apply(apart, [1, 2, 1], Float32Array.of(1, 10, 100, 1000), [0.5]),
      [1.5, 10.5, 2.5, 20.5, 100.5, 1000.5, 200.5, 2000.5]
    )
  })

  it.each<[ConvolutionOptions, Shape, Shape]>([
    [{ stride: 2 }, [14, 14, 1], [28, 28, 5]],
    [{}, [5, 6, 2], [5, 6, 5]],
    [{ stride: [1, 3] }, [5, 6, 2], [5, 18, 5]],
    [{ stride: 2, padding: "valid" }, [5, 6, 2], [11, 13, 5]],
    [{ kernel: 1, stride: 2, padding: "valid" }, [5, 6, 2], [10, 12, 5]]
  ])("has Keras's sizes with %j", (options, input, output) => {
    const network = build(transposedConvolution(5, options), input)
    const parameters = Object.fromEntries(
      Object.entries(network.parameters).map(([name, { shape }]) => [name, normalValues(1, name, shape)])
    )
    const { y } = read(() => ({ y: network.apply(toTensors(parameters), toTensor(numbers([2, ...input]))) }))
    assert.deepStrictEqual([network.output, y.shape], [output, [2, ...output]])
  })

  it("has gradients that agree with finite differences", () => {
    const network = build(transposedConvolution(2, { stride: 2 }), [2, 3, 3])
    const weights = normalValues(1, "weights", [2, ...network.output])
    assertGradients(({ x, ...parameters }) => network.apply(parameters, x).mul(toTensor(weights)), {
      x: normalValues(1, "x", [2, 2, 3, 3]),
      kernel: normalValues(1, "kernel", [3, 3, 2, 3]),
      bias: normalValues(1, "bias", [2])
    })
  })
})
