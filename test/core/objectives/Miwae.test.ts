import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as ImportanceWeighted from "../../../src/core/objectives/ImportanceWeighted.ts"
import * as Miwae from "../../../src/core/objectives/Miwae.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"
import { noiseOf, probe, statistics } from "./WeightedProbe.ts"

objectiveContract("Miwae of two bounds", Miwae.layer({ bounds: 2, samples: 3 }))
objectiveContract("Miwae of single samples", Miwae.layer({ bounds: 3, samples: 1 }))

const examples = 4

/** The codes of bound m are the draws m, m + bounds, m + 2 bounds, ... */
const noiseOfBound = (noise: Float32Array, bounds: number, bound: number) =>
  Float32Array.from(
    Array.from({ length: noise.length / examples / bounds }, (_, sample) => {
      const draw = sample * bounds + bound
      return Array.from(noise.subarray(draw * examples, (draw + 1) * examples))
    }).flat()
  )

describe("Miwae", () => {
  it("is the mean of bounds of their own codes, in value and gradients", () => {
    const [bounds, samples] = [3, 2]
    const noise = noiseOf(bounds * samples, examples)
    const found = probe(Miwae.terms({ bounds, samples }), noise, examples)
    const parts = [0, 1, 2].map((bound) =>
      probe(ImportanceWeighted.terms({ samples }), noiseOfBound(noise, bounds, bound), examples)
    )
    for (const name of ["loss", "mean", "logVariance", "kernel"] as const) {
      const expected = found[name].map((_, index) => parts.reduce((sum, part) => sum + part[name][index]!, 0) / bounds)
      assertClose(found[name], expected, 1e-5, name)
    }
  })

  it("with one bound is the importance-weighted bound", () => {
    const noise = noiseOf(5, examples)
    const found = probe(Miwae.terms({ bounds: 1, samples: 5 }), noise, examples)
    assert.deepStrictEqual(found, probe(ImportanceWeighted.terms({ samples: 5 }), noise, examples))
  })

  it("raises the signal-to-noise ratio of the encoder's gradient by the root of the number of bounds", () => {
    const ratio = (bounds: number) => {
      const at = { mean: -0.5, logVariance: -0.7, kernel: 1.5 }
      const draws = probe(Miwae.terms({ bounds, samples: 4 }), noiseOf(4 * bounds, 4000), 4000, at)
      return statistics(draws.mean).signalToNoise
    }
    assert.closeTo(ratio(9) / ratio(1), 3, 0.5)
  })

  it.effect("has its numbers in its spec, and asks for as many draws", () =>
    Effect.gen(function* () {
      const { draws, needsKl, spec } = yield* Objective
      assert.deepStrictEqual([draws, needsKl, spec], [6, true, { _tag: "Miwae", bounds: 2, samples: 3 }])
    }).pipe(Effect.provide(Miwae.layer({ bounds: 2, samples: 3 })))
  )

  it.effect.each([
    [{ bounds: 0, samples: 2 }, "bounds is 0; it must be a positive integer"],
    [{ bounds: 2, samples: 1.5 }, "samples is 1.5; it must be a positive integer"]
  ] as const)("refuses %j", ([options, reason]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(Miwae.layer(options))))
      assertFailure(result, new ObjectiveError({ objective: "Miwae", reason }))
    })
  )
})
