import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Model } from "../../../src/core/Model.ts"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import { FlowPrior } from "../../../src/core/priors/FlowPrior.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import { priorContract } from "../../../src/testing/PriorContract.ts"

priorContract("FlowPrior", FlowPrior({ layers: 3, hidden: 6 }))
modelContract(
  "DenseVae with a FlowPrior",
  DenseVae.layer({ hidden: [5], latent: 3, prior: FlowPrior({ layers: 2, hidden: 4 }) })
)

describe("FlowPrior", () => {
  it("names an invalid option", () => {
    assert.strictEqual(FlowPrior({ layers: 1 }).problem, "layers is 1; it must be an integer of at least 2")
    assert.strictEqual(FlowPrior({ hidden: 0 }).problem, "hidden is 0; it must be a positive integer")
  })

  it.effect("refuses a latent space of one dimension", () =>
    Effect.gen(function* () {
      const { build } = yield* Model
      const error = yield* Effect.flip(build({ height: 2, width: 2, channels: 1 }))
      assert.include(error.message, "FlowPrior couples dimensions, but latent is 1; it must be at least 2")
    }).pipe(Effect.provide(DenseVae.layer({ hidden: [3], latent: 1, prior: FlowPrior() })))
  )
})
