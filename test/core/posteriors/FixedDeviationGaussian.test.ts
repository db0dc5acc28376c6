import { assert, describe, it } from "@effect/vitest"
import { FixedDeviationGaussian } from "../../../src/core/posteriors/FixedDeviationGaussian.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { posteriorContract } from "../../../src/testing/PosteriorContract.ts"
import { assertClose, read, toTensor } from "../../../src/testing/TensorProbe.ts"

posteriorContract("FixedDeviationGaussian of 0.5", FixedDeviationGaussian({ deviation: 0.5 }), { extreme: 1e4 })
posteriorContract("FixedDeviationGaussian of 1", FixedDeviationGaussian({ deviation: 1 }), { prior: [0], extreme: 1e4 })

describe("FixedDeviationGaussian", () => {
  it("has the values of a Gaussian with this deviation", () => {
    const { codes, deviation, kl, logProb } = read(() => {
      const q = FixedDeviationGaussian({ deviation: 0.5 }).fromHeads([
        toTensor(float32([1, 2], Float32Array.of(1, -2)))
      ])
      const codes = q.sample(toTensor(float32([1, 2], Float32Array.of(2, 0))))
      return { codes, deviation: q.deviation, kl: q.kl!(), logProb: q.logProb!(codes) }
    })
    assertClose(codes.values, [2, -2], 1e-7)
    assertClose(deviation.values, [0.5, 0.5], 1e-7)
    // ½ (1 + 4) and twice ½ (¼ - 1 + log 4); -½ 2² - 2 log ½ - log 2π
    assertClose(kl.values, [2.5 - 0.75 + Math.log(4)], 1e-6)
    assertClose(logProb.values, [-2 + 2 * Math.log(2) - Math.log(2 * Math.PI)], 1e-6)
  })

  it("names an invalid deviation", () => {
    for (const deviation of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.include(FixedDeviationGaussian({ deviation }).problem, `deviation is ${deviation}`)
    }
  })

  it("has its deviation in its spec", () => {
    assert.deepStrictEqual(FixedDeviationGaussian({ deviation: 0.5 }).spec, {
      _tag: "FixedDeviationGaussian",
      deviation: 0.5
    })
  })
})
