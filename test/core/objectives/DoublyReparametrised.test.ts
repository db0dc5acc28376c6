import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { FactorizedPosterior } from "../../../src/core/Model.ts"
import { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as DoublyReparametrised from "../../../src/core/objectives/DoublyReparametrised.ts"
import * as ImportanceWeighted from "../../../src/core/objectives/ImportanceWeighted.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"
import { noiseOf, point, probe, statistics } from "./WeightedProbe.ts"

for (const samples of [1, 3]) {
  objectiveContract(`DoublyReparametrised with ${samples} samples`, DoublyReparametrised.layer({ samples }), {
    surrogate: ["mean", "logVariance"]
  })
}

const factorized = Layer.succeed(FactorizedPosterior, { latent: 1 })

describe("DoublyReparametrised", () => {
  it("has the importance-weighted bound's value and its gradient for the decoder", () => {
    const noise = noiseOf(5, 4)
    const found = probe(DoublyReparametrised.terms({ samples: 5 }), noise, 4)
    const bound = probe(ImportanceWeighted.terms({ samples: 5 }), noise, 4)
    assertClose(found.loss, bound.loss, 1e-6, "loss")
    assertClose(found.kernel, bound.kernel, 1e-5, "kernel")
  })

  it("has the closed form Σ v² ∂ log w / ∂z for the encoder", () => {
    const noise = noiseOf(3, 1)
    const { kernel, logVariance, mean } = point
    const deviation = Math.exp(logVariance / 2)
    const codes = Array.from(noise, (value) => mean + deviation * value)
    const logWeights = codes.map((code, draw) => {
      const logLikelihood = 0.8 * kernel * code - Math.log1p(Math.exp(kernel * code))
      return logLikelihood - code ** 2 / 2 + noise[draw]! ** 2 / 2 + Math.log(deviation)
    })
    const total = logWeights.reduce((sum, value) => sum + Math.exp(value), 0)
    // ∂/∂z of log p(x | z) + log p(z) - log q(z | x).
    const slopes = codes.map(
      (code, draw) => kernel * (0.8 - 1 / (1 + Math.exp(-kernel * code))) - code + noise[draw]! / deviation
    )
    const sum = (f: (draw: number) => number) =>
      -slopes.reduce((sum, slope, draw) => sum + (Math.exp(logWeights[draw]!) / total) ** 2 * slope * f(draw), 0)
    const found = probe(DoublyReparametrised.terms({ samples: 3 }), noise, 1)
    assertClose(found.mean, [sum(() => 1)], 1e-4, "mean")
    assertClose(found.logVariance, [sum((draw) => (deviation * noise[draw]!) / 2)], 1e-4, "logVariance")
  })

  it("has the same expectation as the bound's own gradient", () => {
    const [samples, examples] = [4, 40_000]
    const noise = noiseOf(samples, examples)
    const found = probe(DoublyReparametrised.terms({ samples }), noise, examples)
    const bound = probe(ImportanceWeighted.terms({ samples }), noise, examples)
    for (const name of ["mean", "logVariance"] as const) {
      const differences = statistics(found[name].map((value, index) => value - bound[name][index]!))
      assert.isBelow(Math.abs(differences.mean), 5 * differences.error, name)
      assert.isAbove(Math.abs(statistics(bound[name]).mean), 10 * differences.error, name)
    }
  })

  it("has a signal-to-noise ratio that grows with the samples where the bound's own falls", () => {
    // Wider than the true posterior, so that the weights have finite variances.
    const at = { mean: -0.5, logVariance: 0.5, kernel: 1.5 }
    const ratios = (terms: typeof ImportanceWeighted.terms) =>
      [1, 64].map((samples) => {
        const draws = probe(terms({ samples }), noiseOf(samples, 4000), 4000, at)
        return statistics(draws.mean).signalToNoise
      })
    const [single, many] = ratios(DoublyReparametrised.terms)
    assert.isAbove(many! / single!, 2)
    const [singleOfBound, manyOfBound] = ratios(ImportanceWeighted.terms)
    assert.isBelow(manyOfBound! / singleOfBound!, 0.5)
  })

  it("has no variance where the posterior is exact: a pixel that does not depend on the code", () => {
    const exact = { mean: 0, logVariance: 0, kernel: 0 }
    const found = probe(DoublyReparametrised.terms({ samples: 1 }), noiseOf(1, 5), 5, exact)
    assertClose(found.mean, new Float32Array(5), 1e-6)
    assertClose(found.logVariance, new Float32Array(5), 1e-6)
    const bound = probe(ImportanceWeighted.terms({ samples: 1 }), noiseOf(1, 5), 5, exact)
    assert.isAbove(Math.hypot(...bound.mean), 0.5)
  })

  it.effect("has its samples in its spec, and asks for as many draws", () =>
    Effect.gen(function* () {
      const { draws, needsKl, spec } = yield* Objective
      assert.deepStrictEqual([draws, needsKl, spec], [5, true, { _tag: "DoublyReparametrised", samples: 5 }])
    }).pipe(Effect.provide(DoublyReparametrised.layer({ samples: 5 })), Effect.provide(factorized))
  )

  it.effect.each([0, 1.5])("refuses %d samples", (samples) =>
    Effect.gen(function* () {
      const built = Layer.build(Layer.provide(DoublyReparametrised.layer({ samples }), factorized))
      const reason = `samples is ${samples}; it must be a positive integer`
      assertFailure(
        yield* Effect.result(Effect.scoped(built)),
        new ObjectiveError({ objective: "DoublyReparametrised", reason })
      )
    })
  )
})
