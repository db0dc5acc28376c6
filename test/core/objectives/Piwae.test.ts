import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as ImportanceWeighted from "../../../src/core/objectives/ImportanceWeighted.ts"
import * as Miwae from "../../../src/core/objectives/Miwae.ts"
import * as Piwae from "../../../src/core/objectives/Piwae.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"
import { noiseOf, probe } from "./WeightedProbe.ts"

objectiveContract("Piwae", Piwae.layer({ bounds: 2, samples: 3 }), { surrogate: ["mean", "logVariance"] })
// With one bound its gradient is that of its value.
objectiveContract("Piwae of one bound", Piwae.layer({ bounds: 1, samples: 3 }))

const examples = 4

describe("Piwae", () => {
  it("has the bound of all codes as its value and the decoder's gradient, and Miwae's gradient for the encoder", () => {
    const [bounds, samples] = [3, 4]
    const noise = noiseOf(bounds * samples, examples)
    const found = probe(Piwae.terms({ bounds, samples }), noise, examples)
    const whole = probe(ImportanceWeighted.terms({ samples: bounds * samples }), noise, examples)
    const parts = probe(Miwae.terms({ bounds, samples }), noise, examples)
    assertClose(found.loss, whole.loss, 1e-6, "loss")
    assertClose(found.kernel, whole.kernel, 1e-5, "kernel")
    assertClose(found.mean, parts.mean, 1e-5, "mean")
    assertClose(found.logVariance, parts.logVariance, 1e-5, "logVariance")
    // The two differ, so that the test can fail.
    assert.isAbove(Math.abs(whole.kernel[0]! - parts.kernel[0]!), 1e-3)
    assert.isAbove(Math.abs(whole.mean[0]! - parts.mean[0]!), 1e-3)
  })

  it.effect("has its numbers in its spec, and asks for as many draws", () =>
    Effect.gen(function* () {
      const { draws, needsKl, spec } = yield* Objective
      assert.deepStrictEqual([draws, needsKl, spec], [6, true, { _tag: "Piwae", bounds: 2, samples: 3 }])
    }).pipe(Effect.provide(Piwae.layer({ bounds: 2, samples: 3 })))
  )

  it.effect.each([
    [{ bounds: -1, samples: 2 }, "bounds is -1; it must be a positive integer"],
    [{ bounds: 2, samples: Number.NaN }, "samples is NaN; it must be a positive integer"]
  ] as const)("refuses %j", ([options, reason]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(Piwae.layer(options))))
      assertFailure(result, new ObjectiveError({ objective: "Piwae", reason }))
    })
  )
})
