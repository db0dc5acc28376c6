import { assert, describe, it } from "@effect/vitest"
import type * as tf from "@tensorflow/tfjs-core"
import { LinearGaussian } from "../../../src/core/posteriors/LinearGaussian.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { posteriorContract } from "../../../src/testing/PosteriorContract.ts"
import { assertClose, gradients, read, toTensor } from "../../../src/testing/TensorProbe.ts"

posteriorContract("LinearGaussian", LinearGaussian(), { prior: [0, 1], scales: [-1, -1e-6, 1e-6, 1], signed: true })

const klAt = (sigma: number) => {
  const at = { mean: float32([1, 1], Float32Array.of(0)), sigma: float32([1, 1], Float32Array.of(sigma)) }
  const kl = ({ mean, sigma }: Record<"mean" | "sigma", tf.Tensor>) =>
    LinearGaussian().fromHeads([mean as tf.Tensor2D, sigma as tf.Tensor2D]).kl!()
  return {
    value: read(() => ({ kl: kl({ mean: toTensor(at.mean), sigma: toTensor(at.sigma) }) })).kl.values[0]!,
    slope: gradients(kl, at).sigma.values[0]!
  }
}

describe("LinearGaussian", () => {
  it("adds noise times sigma, whose sign has no meaning for the density", () => {
    const heads = (sigma: number) => [float32([1, 1], Float32Array.of(1)), float32([1, 1], Float32Array.of(sigma))]
    const found = (sigma: number) =>
      read(() => {
        const q = LinearGaussian().fromHeads(heads(sigma).map((head) => toTensor<tf.Tensor2D>(head)))
        const codes = q.sample(toTensor(float32([1, 1], Float32Array.of(3))))
        return { codes, deviation: q.deviation, kl: q.kl!(), logProb: q.logProb!(codes) }
      })
    const [plus, minus] = [found(2), found(-2)]
    assertClose(plus.codes.values, [7], 1e-6)
    assertClose(minus.codes.values, [-5], 1e-6)
    assertClose(minus.deviation.values, [2], 1e-6)
    assertClose(minus.kl.values, [0.5 * (1 + 4 - 1 - Math.log(4))], 1e-6)
    assert.deepStrictEqual([minus.kl, minus.logProb], [plus.kl, plus.logProb])
  })

  it("has a KL divergence whose slope knows no bound near 0, and neither value nor slope at 0", () => {
    for (const sigma of [1e-3, -1e-3, 1e-6]) {
      const { slope, value } = klAt(sigma)
      assert.approximately(value, 0.5 * (sigma ** 2 - 1 - Math.log(sigma ** 2)), 1e-4)
      assert.approximately(slope * sigma, -1, 1e-3)
    }
    const { slope, value } = klAt(0)
    assert.strictEqual(value, Number.POSITIVE_INFINITY)
    assert.isFalse(Number.isFinite(slope))
  })
})
