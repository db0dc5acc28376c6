import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { type Module, sequence } from "../../../src/core/Network.ts"
import { activation } from "../../../src/core/networks/Activation.ts"
import { convolution } from "../../../src/core/networks/Convolution.ts"
import { dense } from "../../../src/core/networks/Dense.ts"
import { maxPooling } from "../../../src/core/networks/MaxPooling.ts"
import { flatten, reshape } from "../../../src/core/networks/Reshape.ts"
import { transposedConvolution } from "../../../src/core/networks/TransposedConvolution.ts"
import { type Shape, sizeOf } from "../../../src/core/Tensors.ts"

const build = (input: Shape, ...parts: ReadonlyArray<Module>) => Result.getOrThrow(sequence(...parts).build(input))

/** Parameters of each layer, by its path. */
const countsOf = (network: ReturnType<typeof build>): Readonly<Record<string, number>> =>
  Object.entries(network.parameters).reduce<Record<string, number>>((counts, [name, { shape }]) => {
    const layer = name.split("/")[0]!
    return { ...counts, [layer]: (counts[layer] ?? 0) + sizeOf(shape) }
  }, {})

const totalOf = (network: ReturnType<typeof build>): number =>
  Object.values(countsOf(network)).reduce((sum, count) => sum + count, 0)

const relu = (...parts: ReadonlyArray<Module>): ReadonlyArray<Module> =>
  parts.flatMap((part) => [part, activation("relu")])

describe("published networks have their published numbers of parameters", () => {
  it("SimpleVAE on MNIST", () => {
    const encoder = build(
      [28, 28, 1],
      ...relu(convolution(8), convolution(8)),
      maxPooling(),
      ...relu(convolution(16), convolution(16)),
      flatten(),
      ...relu(dense(8)),
      dense(2)
    )
    assert.deepStrictEqual(countsOf(encoder), {
      convolution1: 80,
      convolution2: 584,
      convolution3: 1168,
      convolution4: 2320,
      dense1: 25_096,
      dense2: 18
    })
    assert.deepStrictEqual(encoder.output, [2])
    const decoder = build(
      [2],
      ...relu(dense(8), dense(14 * 14 * 16)),
      reshape([14, 14, 16]),
      ...relu(transposedConvolution(16), transposedConvolution(16, { stride: 2 })),
      ...relu(transposedConvolution(8), transposedConvolution(8)),
      transposedConvolution(1)
    )
    assert.deepStrictEqual(decoder.output, [28, 28, 1])
  })

  // https://keras.io/examples/generative/vae/
  it("Keras's convolutional example", () => {
    const body = build(
      [28, 28, 1],
      ...relu(convolution(32, { stride: 2 }), convolution(64, { stride: 2 })),
      flatten(),
      ...relu(dense(16))
    )
    const head = build(body.output, dense(2))
    assert.strictEqual(totalOf(body) + 2 * totalOf(head), 69_076)
    const decoder = build(
      [2],
      ...relu(dense(7 * 7 * 64)),
      reshape([7, 7, 64]),
      ...relu(transposedConvolution(64, { stride: 2 }), transposedConvolution(32, { stride: 2 })),
      transposedConvolution(1)
    )
    assert.strictEqual(totalOf(decoder), 65_089)
    assert.deepStrictEqual(decoder.output, [28, 28, 1])
  })
})
