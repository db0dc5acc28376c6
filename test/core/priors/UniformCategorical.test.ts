import { assert, describe, it } from "@effect/vitest"
import { GumbelSoftmax } from "../../../src/core/posteriors/GumbelSoftmax.ts"
import type { PriorDistribution } from "../../../src/core/Prior.ts"
import { UniformCategorical, type UniformCategoricalOptions } from "../../../src/core/priors/UniformCategorical.ts"
import { assertClose, normalValues, read, timeAt, toTensor, uniformValues } from "../../../src/testing/TensorProbe.ts"

const space = GumbelSoftmax({ categories: 4, temperature: 1 }).space(8)

const at = (options: UniformCategoricalOptions, relaxed: boolean): PriorDistribution =>
  UniformCategorical(options).distribution(
    {},
    {
      latent: 8,
      image: { height: 1, width: 1, channels: 1 },
      encode: () => assert.fail("the prior encoded images"),
      time: relaxed ? timeAt(1) : undefined,
      choices: { ...space, relaxed, embed: (choices) => space.embed(choices, {}) }
    }
  )

const samples = (rows: number) =>
  read(() => {
    const prior = at({}, false)
    const codes = prior.sample({
      normal: toTensor(normalValues(1, "noise", [rows, 8])),
      uniform: toTensor(uniformValues(1, "component", [rows]))
    })
    return { codes, logProb: prior.logProb(codes) }
  })

describe("UniformCategorical", () => {
  it("gives every code the probability categories^-variables, and draws all categories equally often", () => {
    const rows = 8000
    const { codes, logProb } = samples(rows)
    assertClose(logProb.values, new Float32Array(rows).fill(-2 * Math.log(4)), 1e-6)
    for (let place = 0; place < 8; place++) {
      const count = codes.values.filter((value, index) => index % 8 === place && value === 1).length
      assert.closeTo(count / rows, 1 / 4, 5 * Math.sqrt(3 / 16 / rows))
    }
    for (let row = 0; row < rows; row++) {
      for (const first of [8 * row, 8 * row + 4]) {
        assert.strictEqual(codes.values.slice(first, first + 4).filter((value) => value === 1).length, 1)
      }
    }
  })

  it("relaxed, has the density of the concrete distribution: Γ(4) at the middle of a simplex", () => {
    const { logProb } = read(() => ({
      logProb: at({ divergence: "relaxed" }, true).logProb(
        toTensor({ shape: [1, 8], dtype: "float32", values: new Float32Array(8).fill(1 / 4) })
      )
    }))
    // 6 for each of two variables.
    assertClose(logProb.values, [2 * Math.log(6)], 1e-5)
  })

  it("names what is not allowed", () => {
    assert.strictEqual(
      UniformCategorical({ divergence: "none" as "exact" }).problem,
      'divergence is "none"; it must be one of exact, relaxed'
    )
    assert.strictEqual(UniformCategorical({ temperature: 0 }).problem, "temperature is 0; it must be above 0")
    assert.isUndefined(UniformCategorical().problem)
  })
})
