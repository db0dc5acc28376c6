import { assert, describe, it } from "@effect/vitest"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { posteriorContract } from "../../../src/testing/PosteriorContract.ts"
import { assertClose, read, toTensor } from "../../../src/testing/TensorProbe.ts"

posteriorContract("LogVarianceGaussian", LogVarianceGaussian(), { prior: [0, 0], extreme: 60 })

describe("LogVarianceGaussian", () => {
  it("reads its heads as mean and logarithm of the variance", () => {
    const { mean, deviation, kl, logProb } = read(() => {
      const q = LogVarianceGaussian().fromHeads([
        toTensor(float32([1, 2], Float32Array.of(1, -2))),
        toTensor(float32([1, 2], Float32Array.of(Math.log(4), Math.log(0.25))))
      ])
      return {
        mean: q.mean,
        deviation: q.deviation,
        kl: q.kl!(),
        logProb: q.logProb!(toTensor(float32([1, 2], Float32Array.of(3, -2))))
      }
    })
    assertClose(mean.values, [1, -2], 1e-7)
    assertClose(deviation.values, [2, 0.5], 1e-6)
    // ½ (1 + 4 - 1 - log 4) + ½ (4 + ¼ - 1 + log 4)
    assertClose(kl.values, [3.625], 1e-6)
    // -½ - log 2 - ½ log 2π, and -log ½ - ½ log 2π
    assertClose(logProb.values, [-0.5 - Math.log(2 * Math.PI)], 1e-6)
  })

  it("keeps the KL divergence of a deviation near 1 to its leading digits", () => {
    const { kl } = read(() => ({
      kl: LogVarianceGaussian().fromHeads([
        toTensor(float32([1, 1], Float32Array.of(0))),
        toTensor(float32([1, 1], Float32Array.of(2e-3)))
      ]).kl!()
    }))
    // ½ (e^v - 1 - v) with v = 0.002; plain exp would leave three digits of it.
    assert.closeTo(kl.values[0]!, 0.5 * (Math.expm1(2e-3) - 2e-3), 1e-10)
  })
})
