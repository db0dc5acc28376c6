import { assert, describe, it } from "@effect/vitest"
import { LaplaceLikelihood } from "../../../src/core/likelihoods/Laplace.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { likelihoodContract } from "../../../src/testing/LikelihoodContract.ts"
import { assertClose, read, toTensor } from "../../../src/testing/TensorProbe.ts"

likelihoodContract("LaplaceLikelihood", LaplaceLikelihood({ scale: 0.5 }), {
  pixels: "real",
  bounded: false,
  step: 1 / 1024
})
likelihoodContract("LaplaceLikelihood by sigmoid", LaplaceLikelihood({ scale: 0.2, output: "sigmoid" }), {
  pixels: "real",
  step: 1 / 1024
})

describe("LaplaceLikelihood", () => {
  it("is the summed log density with its constants", () => {
    const shape = [1, 1, 2, 1]
    const { logProb } = read(() => ({
      logProb: LaplaceLikelihood({ scale: 0.5 })
        .fromOutput(toTensor(float32(shape, Float32Array.of(0, 2))))
        .logProb(toTensor(float32(shape, Float32Array.of(0.5, 1))))
    }))
    // -(0.5 + 1) / 0.5, and -log(2 * 0.5) = 0 for each pixel.
    assertClose(logProb.values, [-3], 1e-6)
  })

  it("names an invalid scale", () => {
    for (const scale of [0, -1, Number.NaN]) {
      assert.strictEqual(LaplaceLikelihood({ scale }).problem, `scale is ${scale}; it must be above 0`)
    }
  })
})
