import { assert, describe, it } from "@effect/vitest"
import { assertFailure } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { Objective, ObjectiveError } from "../../../src/core/Objective.ts"
import * as Ciwae from "../../../src/core/objectives/Ciwae.ts"
import * as ImportanceWeighted from "../../../src/core/objectives/ImportanceWeighted.ts"
import * as Miwae from "../../../src/core/objectives/Miwae.ts"
import { linear } from "../../../src/core/schedules/Linear.ts"
import { objectiveContract } from "../../../src/testing/ObjectiveContract.ts"
import { assertClose } from "../../../src/testing/TensorProbe.ts"
import { noiseOf, probe } from "./WeightedProbe.ts"

objectiveContract("Ciwae", Ciwae.layer({ beta: 0.3, samples: 3 }))
objectiveContract("Ciwae with a schedule", Ciwae.layer({ beta: linear({ from: 1, to: 0, epochs: 5 }), samples: 2 }))

const examples = 4
const samples = 5
const noise = noiseOf(samples, examples)

/** The ELBO's mean over the codes: single samples, averaged. */
const elbo = probe(Miwae.terms({ bounds: samples, samples: 1 }), noise, examples)
const bound = probe(ImportanceWeighted.terms({ samples }), noise, examples)

describe("Ciwae", () => {
  it.each([0, 0.25, 1])(
    "is the ELBO with the weight %d and the bound with the rest, in value and gradients",
    (beta) => {
      const found = probe(Ciwae.terms({ beta, samples }), noise, examples)
      for (const name of ["loss", "mean", "logVariance", "kernel"] as const) {
        const expected = elbo[name].map((value, index) => beta * value + (1 - beta) * bound[name][index]!)
        assertClose(found[name], expected, 1e-5, name)
      }
    }
  )

  it.effect("has its options in its spec, and shows the schedule", () =>
    Effect.gen(function* () {
      const { draws, schedules, spec } = yield* Objective
      assert.deepStrictEqual([draws, Object.keys(schedules ?? {})], [3, ["beta"]])
      assert.deepStrictEqual(spec, {
        _tag: "Ciwae",
        beta: { _tag: "Linear", from: 1, to: 0.1, epochs: 2 },
        samples: 3
      })
    }).pipe(Effect.provide(Ciwae.layer({ beta: linear({ from: 1, to: 0.1, epochs: 2 }), samples: 3 })))
  )

  it.effect.each<readonly [Ciwae.CiwaeOptions, string]>([
    [{ beta: 0.5, samples: 0 }, "samples is 0; it must be a positive integer"],
    [{ beta: -0.1, samples: 2 }, "beta is -0.1; it must be a non-negative number"],
    [{ beta: 1.5, samples: 2 }, "beta is up to 1.5; it must be a number from 0 to 1"],
    [{ beta: linear({ from: 0, to: 2, epochs: 1 }), samples: 2 }, "beta is up to 2; it must be a number from 0 to 1"]
  ])("refuses %j", ([options, reason]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result(Effect.scoped(Layer.build(Ciwae.layer(options))))
      assertFailure(result, new ObjectiveError({ objective: "Ciwae", reason }))
    })
  )
})
