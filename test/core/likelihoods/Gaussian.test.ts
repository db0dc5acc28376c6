import { assert, describe, it } from "@effect/vitest"
import { GaussianLikelihood } from "../../../src/core/likelihoods/Gaussian.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { likelihoodContract } from "../../../src/testing/LikelihoodContract.ts"
import { assertClose, read, toTensor } from "../../../src/testing/TensorProbe.ts"

likelihoodContract("GaussianLikelihood", GaussianLikelihood({ deviation: 1 }), { pixels: "real", bounded: false })
likelihoodContract("GaussianLikelihood, small deviation", GaussianLikelihood({ deviation: 0.1 }), {
  pixels: "real",
  bounded: false
})
likelihoodContract("GaussianLikelihood by sigmoid", GaussianLikelihood({ deviation: 0.5, output: "sigmoid" }), {
  pixels: "real"
})

describe("GaussianLikelihood", () => {
  const shape = [1, 1, 2, 1]
  const output = float32(shape, Float32Array.of(0, 2))
  const images = float32(shape, Float32Array.of(0.5, 1))

  it("is the summed log density with its constants", () => {
    const { mean, logProb } = read(() => {
      const distribution = GaussianLikelihood({ deviation: 0.5 }).fromOutput(toTensor(output))
      return { mean: distribution.mean, logProb: distribution.logProb(toTensor(images)) }
    })
    assertClose(mean.values, [0, 2], 1e-7)
    assertClose(logProb.values, [-0.5 * (1 + 4) + 2 * (Math.log(2) - 0.5 * Math.log(2 * Math.PI))], 1e-6)
  })

  it("has the sigmoid of the output as its mean on request", () => {
    const { mean, logProb } = read(() => {
      const distribution = GaussianLikelihood({ deviation: 1, output: "sigmoid" }).fromOutput(toTensor(output))
      return { mean: distribution.mean, logProb: distribution.logProb(toTensor(images)) }
    })
    const white = 1 / (1 + Math.exp(-2))
    assertClose(mean.values, [0.5, white], 1e-6)
    assertClose(logProb.values, [-0.5 * (1 - white) ** 2 - Math.log(2 * Math.PI)], 1e-6)
  })

  it("names an invalid deviation", () => {
    for (const deviation of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.include(GaussianLikelihood({ deviation }).problem, `deviation is ${deviation}`)
    }
  })

  it("has its options in its spec", () => {
    assert.deepStrictEqual(GaussianLikelihood({ deviation: 0.5 }).spec, {
      _tag: "GaussianLikelihood",
      deviation: 0.5,
      output: "linear"
    })
  })
})
