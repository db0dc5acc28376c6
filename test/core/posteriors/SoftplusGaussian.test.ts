import { assert, describe, it } from "@effect/vitest"
import type * as tf from "@tensorflow/tfjs-core"
import { logSoftplus, SoftplusGaussian } from "../../../src/core/posteriors/SoftplusGaussian.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import { posteriorContract } from "../../../src/testing/PosteriorContract.ts"
import { assertClose, gradients, read, toTensor } from "../../../src/testing/TensorProbe.ts"

// log(1 + exp(rho)) is 1 at rho = log(e - 1).
posteriorContract("SoftplusGaussian", SoftplusGaussian(), { prior: [0, Math.log(Math.E - 1)], extreme: 80 })
posteriorContract("SoftplusGaussian with a floor", SoftplusGaussian({ floor: 0.5 }), {
  prior: [0, Math.log(Math.expm1(0.5))],
  extreme: 80
})

const rhos = Float32Array.of(-80, -30, -16.001, -16, -15.999, -10, -4, -1, 0, 1, 5, 20, 80)

describe("SoftplusGaussian", () => {
  it("has the deviation log(1 + exp(rho)) + floor", () => {
    for (const floor of [0, 1e-6, 0.1]) {
      const { deviation } = read(() => ({
        deviation: SoftplusGaussian({ floor }).fromHeads([
          toTensor(float32([1, rhos.length], new Float32Array(rhos.length))),
          toTensor(float32([1, rhos.length], rhos))
        ]).deviation
      }))
      deviation.values.forEach((value, index) => {
        const rho = rhos[index]!
        const expected = Math.max(rho, 0) + Math.log1p(Math.exp(-Math.abs(rho))) + floor
        assert.closeTo(value / expected, 1, 1e-5, `rho ${rho}, floor ${floor}`)
      })
    }
  })

  it("has the logarithm's values and gradients on both sides of the border", () => {
    const at = { x: float32([1, rhos.length], rhos) }
    const compute = ({ x }: { readonly x: tf.Tensor }) => logSoftplus(x as tf.Tensor2D)
    const exact = Array.from(rhos, (x) => Math.log(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))))
    assertClose(read(() => ({ value: compute({ x: toTensor(at.x) }) })).value.values, exact, 1e-6)
    const slope = Array.from(
      rhos,
      (x) => 1 / (1 + Math.exp(-x)) / (Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))))
    )
    assertClose(gradients(compute, at).x.values, slope, 1e-5)
  })

  it("names a floor that is not allowed", () => {
    assert.match(SoftplusGaussian({ floor: -0.5 }).problem ?? "", /floor is -0.5/)
    assert.match(SoftplusGaussian({ floor: Number.NaN }).problem ?? "", /floor is NaN/)
  })

  it("has its floor in its spec", () => {
    assert.deepStrictEqual(SoftplusGaussian({ floor: 1e-6 }).spec, { _tag: "SoftplusGaussian", floor: 1e-6 })
    assert.deepStrictEqual(SoftplusGaussian().spec, { _tag: "SoftplusGaussian", floor: 0 })
  })
})
