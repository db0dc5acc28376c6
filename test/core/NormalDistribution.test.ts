import { assert, describe, it } from "@effect/vitest"
import { cumulative, quantile } from "../../src/core/NormalDistribution.ts"

describe("NormalDistribution", () => {
  it("agrees with tabulated values", () => {
    // python3 -c "from statistics import NormalDist as N; print(N().cdf(1), N().cdf(-3), N().inv_cdf(.975), N().inv_cdf(.001))"
    assert.approximately(cumulative(1), 0.8413447460685429, 1e-14)
    assert.approximately(cumulative(-3), 0.0013498980316301035, 1e-14)
    assert.approximately(quantile(0.975), 1.9599639845400536, 1e-12)
    assert.approximately(quantile(0.001), -3.090232306167813, 1e-11)
  })

  it("has a quantile function that inverts the cumulative function and is antisymmetric around 1/2", () => {
    for (let step = 1; step < 200; step++) {
      const probability = step / 200
      assert.approximately(cumulative(quantile(probability)), probability, 1e-14)
      assert.approximately(quantile(probability), -quantile(1 - probability), 1e-13)
    }
    assert.strictEqual(quantile(0.5), 0)
  })

  it("stays finite and ordered at the ends", () => {
    assert.deepStrictEqual([cumulative(-40), cumulative(40)], [0, 1])
    assert.isBelow(quantile(0), -8)
    assert.isAbove(quantile(1), 8)
  })
})
