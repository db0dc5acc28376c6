import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Adam, type AdamOptions } from "../../../src/core/optimizers/Adam.ts"
import { assertClose, read, timeAt } from "../../../src/testing/TensorProbe.ts"
import { optimizerContract } from "../../../src/testing/OptimizerContract.ts"

optimizerContract("Adam", Adam({ learningRate: 0.05 }))
optimizerContract("Adam without memory of gradients", Adam({ learningRate: 0.02, beta1: 0, beta2: 0.9, epsilon: 1e-6 }))

/** PyTorch's documented algorithm, in double precision: the parameter after each gradient. */
const documented = (
  options: Required<AdamOptions> & { readonly learningRate: number },
  parameter: number,
  gradients: ReadonlyArray<number>
): Array<number> => {
  const { learningRate, beta1, beta2, epsilon } = options
  let [value, mean, square] = [parameter, 0, 0]
  return gradients.map((gradient, index) => {
    const step = index + 1
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient ** 2
    const correctedMean = mean / (1 - beta1 ** step)
    const correctedSquare = square / (1 - beta2 ** step)
    value -= (learningRate * correctedMean) / (Math.sqrt(correctedSquare) + epsilon)
    return value
  })
}

const trajectory = (options: AdamOptions, parameter: number, gradients: ReadonlyArray<number>): Array<number> => {
  const optimizer = Adam(options)
  const { path } = read(() => {
    let parameters: Record<string, tf.Tensor> = { x: tf.scalar(parameter) }
    let state: Record<string, tf.Tensor> = { "first/x": tf.scalar(0), "second/x": tf.scalar(0) }
    const path = gradients.map((gradient, index) => {
      const next = optimizer.update({
        parameters,
        gradients: { x: tf.scalar(gradient) },
        state,
        ...timeAt(index + 1)
      })
      parameters = next.parameters
      state = next.state
      return next.parameters["x"]!
    })
    return { path: tf.stack(path) }
  })
  return [...path.values]
}

describe("Adam", () => {
  const gradients = Array.from({ length: 200 }, (_, index) => Math.sin(index) + 0.3)

  it("moves by the learning rate in the first step, independent of the gradient's size", () => {
    assertClose(trajectory({ learningRate: 0.1 }, 1, [1e-3]), [0.9], 1e-5)
    assertClose(trajectory({ learningRate: 0.1 }, 1, [-1e3]), [1.1], 1e-5)
  })

  it("follows the documented algorithm", () => {
    for (const options of [
      { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      { learningRate: 0.01, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 },
      { learningRate: 0.01, beta1: 0, beta2: 0.999, epsilon: 1e-8 },
      // An epsilon as large as the gradients' root mean square shows where it stands.
      { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 0.7 }
    ]) {
      assertClose(trajectory(options, 1, gradients), documented(options, 1, gradients), 2e-5)
    }
  })

  it("names its state after the parameters", () => {
    const state = Adam({ learningRate: 1e-3 }).state({ "encoder/dense1/kernel": { shape: [2, 3], dtype: "float32" } })
    assert.deepStrictEqual(state, {
      "first/encoder/dense1/kernel": { shape: [2, 3], dtype: "float32" },
      "second/encoder/dense1/kernel": { shape: [2, 3], dtype: "float32" }
    })
  })

  it("has all options in its spec", () => {
    assert.deepStrictEqual(Adam({ learningRate: 1e-3 }).spec, {
      _tag: "Adam",
      learningRate: 1e-3,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8
    })
  })

  it.each<[AdamOptions, string]>([
    [{ learningRate: 0 }, "learningRate is 0; it must be above 0"],
    [{ learningRate: Number.NaN }, "learningRate is NaN; it must be above 0"],
    [{ learningRate: 1, beta1: 1 }, "beta1 is 1; it must be at least 0 and below 1"],
    [{ learningRate: 1, beta2: -0.1 }, "beta2 is -0.1; it must be at least 0 and below 1"],
    [{ learningRate: 1, epsilon: 0 }, "epsilon is 0; it must be above 0"]
  ])("reports the error of %j", (options, problem) => {
    assert.strictEqual(Adam(options).problem, problem)
  })
})
