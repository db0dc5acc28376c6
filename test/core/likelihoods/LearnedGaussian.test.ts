import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { LearnedGaussian } from "../../../src/core/likelihoods/LearnedGaussian.ts"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import { likelihoodContract } from "../../../src/testing/LikelihoodContract.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

likelihoodContract("LearnedGaussian, global", LearnedGaussian({ deviation: "global" }), { pixels: "real" })
likelihoodContract(
  "LearnedGaussian, per pixel",
  LearnedGaussian({ deviation: "pixel", output: "linear", floor: 0.1 }),
  {
    pixels: "image",
    bounded: false
  }
)
likelihoodContract("LearnedGaussian, optimal", LearnedGaussian({ deviation: "optimal" }), { pixels: "image" })
for (const deviation of ["global", "pixel"] as const) {
  modelContract(
    `DenseVae with a LearnedGaussian, ${deviation}`,
    DenseVae.layer({ hidden: [5], latent: 2, likelihood: LearnedGaussian({ deviation }) })
  )
}

const logDensity = (x: number, mean: number, deviation: number): number =>
  -0.5 * ((x - mean) / deviation) ** 2 - Math.log(deviation) - 0.5 * Math.log(2 * Math.PI)

const images = (): tf.Tensor4D => tf.tensor4d([0.5, 1], [1, 1, 2, 1])
/** `log floor + log(1 + exp(s - log floor))`. */
const deviationAt = (s: number, floor: number): number => floor * (1 + Math.exp(s) / floor)

describe("LearnedGaussian", () => {
  it("has the density of the parameter's deviation, or of each pixel's own", () => {
    const { global, pixel } = read(() => ({
      global: LearnedGaussian({ deviation: "global", output: "linear", floor: 0.1 })
        .fromOutput(tf.tensor4d([0.2, 0.7], [1, 1, 2, 1]), { "log-deviation": tf.scalar(-1) })
        .logProb(images()),
      pixel: LearnedGaussian({ deviation: "pixel", output: "linear", floor: 0.1 })
        .fromOutput(tf.tensor4d([0.2, -1, 0.7, 0.5], [1, 1, 2, 2]))
        .logProb(images())
    }))
    const [first, second] = [deviationAt(-1, 0.1), deviationAt(0.5, 0.1)]
    assertClose(global.values, [logDensity(0.5, 0.2, first) + logDensity(1, 0.7, first)], 1e-5)
    assertClose(pixel.values, [logDensity(0.5, 0.2, first) + logDensity(1, 0.7, second)], 1e-5)
  })

  it("has the density of the best deviation, which no other exceeds", () => {
    const { logProb } = read(() => ({
      logProb: LearnedGaussian({ deviation: "optimal", output: "linear", floor: 1e-4 })
        .fromOutput(tf.tensor4d([0.2, 0.7], [1, 1, 2, 1]))
        .logProb(images())
    }))
    const at = (deviation: number): number => logDensity(0.5, 0.2, deviation) + logDensity(1, 0.7, deviation)
    assertClose(logProb.values, [at(0.3)], 1e-5)
    for (const other of [0.1, 0.29, 0.31, 1]) assert.isAbove(logProb.values[0]!, at(other))
  })

  it("names an invalid option", () => {
    assert.strictEqual(LearnedGaussian({ deviation: "global", floor: 0 }).problem, "floor is 0; it must be above 0")
    assert.include(LearnedGaussian({ deviation: "none" as "global" }).problem, `deviation is "none"; it must be one of`)
  })
})
