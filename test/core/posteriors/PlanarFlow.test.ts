import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import { Deterministic } from "../../../src/core/posteriors/Deterministic.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { PlanarFlow } from "../../../src/core/posteriors/PlanarFlow.ts"
import { VampPrior } from "../../../src/core/priors/VampPrior.ts"
import { Model } from "../../../src/core/Model.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import { posteriorContract } from "../../../src/testing/PosteriorContract.ts"

const base = LogVarianceGaussian()
for (const layers of [1, 3]) {
  posteriorContract(`PlanarFlow of ${layers}`, PlanarFlow({ base, layers }), { diagonal: false, extreme: 20 })
}
modelContract(
  "DenseVae with a PlanarFlow",
  DenseVae.layer({ hidden: [5], latent: 2, posterior: PlanarFlow({ base, layers: 2 }) })
)

describe("PlanarFlow", () => {
  it("describes its base and its layers", () => {
    assert.deepStrictEqual(PlanarFlow({ base, layers: 2 }).spec, {
      _tag: "PlanarFlow",
      base: { _tag: "LogVarianceGaussian" },
      layers: 2
    })
  })

  it("names what is not allowed: a base without a density, or no layers", () => {
    assert.strictEqual(
      PlanarFlow({ base: Deterministic(), layers: 2 }).problem,
      "base is Deterministic, which has no density; a flow needs one"
    )
    assert.strictEqual(PlanarFlow({ base, layers: 0 }).problem, "layers is 0; it must be a positive integer")
  })

  it.effect("is refused beside a prior that needs the density of any code", () =>
    Effect.gen(function* () {
      const layer = DenseVae.layer({
        hidden: [5],
        latent: 2,
        posterior: PlanarFlow({ base, layers: 2 }),
        prior: VampPrior({ pseudoInputs: 2 })
      })
      const error = yield* Effect.flip(Effect.provide(Model, layer))
      assert.include(error.message, "VampPrior needs a posterior with a density of any code, but PlanarFlow has none")
    })
  )
})
