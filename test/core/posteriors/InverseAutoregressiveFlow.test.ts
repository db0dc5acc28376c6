import { assert, describe, it } from "@effect/vitest"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import { InverseAutoregressiveFlow } from "../../../src/core/posteriors/InverseAutoregressiveFlow.ts"
import { LogVarianceGaussian } from "../../../src/core/posteriors/LogVarianceGaussian.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import { posteriorContract } from "../../../src/testing/PosteriorContract.ts"

const base = LogVarianceGaussian()
for (const layers of [1, 2]) {
  const posterior = InverseAutoregressiveFlow({ base, layers, hidden: 6, context: 2 })
  posteriorContract(`InverseAutoregressiveFlow of ${layers}`, posterior, { diagonal: false, extreme: 30 })
}
modelContract(
  "DenseVae with an InverseAutoregressiveFlow",
  DenseVae.layer({
    hidden: [5],
    latent: 3,
    posterior: InverseAutoregressiveFlow({ base, layers: 2, hidden: 4, context: 2 })
  })
)

describe("InverseAutoregressiveFlow", () => {
  it("describes itself with its defaults", () => {
    assert.deepStrictEqual(InverseAutoregressiveFlow({ base, layers: 2 }).spec, {
      _tag: "InverseAutoregressiveFlow",
      base: { _tag: "LogVarianceGaussian" },
      layers: 2,
      hidden: 64,
      context: 16
    })
  })

  it("names an invalid option", () => {
    assert.strictEqual(
      InverseAutoregressiveFlow({ base, layers: 1, hidden: 0 }).problem,
      "hidden is 0; it must be a positive integer"
    )
  })
})
