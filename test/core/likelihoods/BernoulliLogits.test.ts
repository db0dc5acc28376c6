import { assert, describe, it } from "@effect/vitest"
import type * as tf from "@tensorflow/tfjs-core"
import { BernoulliLogits } from "../../../src/core/likelihoods/BernoulliLogits.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { likelihoodContract } from "../../../src/testing/LikelihoodContract.ts"
import { assertClose, gradients, read, toTensor } from "../../../src/testing/TensorProbe.ts"

likelihoodContract("BernoulliLogits", BernoulliLogits(), { pixels: "binary", extreme: 1000 })

describe("BernoulliLogits", () => {
  const shape = [1, 1, 3, 1]
  const at = { logits: float32(shape, Float32Array.of(0, Math.log(3), -Math.log(3))) }
  const images = float32(shape, Float32Array.of(0.5, 1, 1))

  it("is the summed logarithm of the pixels' probabilities", () => {
    const { mean, logProb } = read(() => {
      const distribution = BernoulliLogits().fromOutput(toTensor(at.logits))
      return { mean: distribution.mean, logProb: distribution.logProb(toTensor(images)) }
    })
    assertClose(mean.values, [0.5, 0.75, 0.25], 1e-6)
    assertClose(logProb.values, [Math.log(0.5) + Math.log(0.75) + Math.log(0.25)], 1e-6)
  })

  it("has the gradient `x - sigmoid(logits)`", () => {
    const { logits } = gradients(
      ({ logits }) =>
        BernoulliLogits()
          .fromOutput(logits as tf.Tensor4D)
          .logProb(toTensor(images)),
      at
    )
    assertClose(logits.values, [0, 0.25, 0.75], 1e-6)
  })

  it("keeps the log density of a confident, wrong pixel exact", () => {
    const { logProb } = read(() => ({
      logProb: BernoulliLogits()
        .fromOutput(toTensor(float32([2, 1, 1, 1], Float32Array.of(90, -90))))
        .logProb(toTensor(float32([2, 1, 1, 1], Float32Array.of(0, 1))))
    }))
    assert.deepStrictEqual([...logProb.values], [-90, -90])
  })
})
